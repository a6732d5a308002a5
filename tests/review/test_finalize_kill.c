/*
 * test_finalize_kill.c: killed at every single call that changes a disk, Finalize ends as if nothing had been.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "finalize_folder.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* ---- Calls that kill ------------------------------------------------------------------------- */

static long calls_left; /* 0: none kills */

static void call(void)
{
    if (calls_left > 0 && --calls_left == 0)
        raise(SIGKILL);
}

int __real_renameat2(int from, const char *a, int to, const char *b, unsigned flags);
int __wrap_renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
    call();
    return __real_renameat2(from, a, to, b, flags);
}

/* A write that is cut short: half of it is there. */
ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    if (calls_left == 1 && n > 1)
        (void)!__real_write(fd, bytes, n / 2);
    call();
    return __real_write(fd, bytes, n);
}

/* Who is killed loses nothing that was written: syncing would only take time. */
int __wrap_fsync(int fd)
{
    (void)fd;
    call();
    return 0;
}

int __real_mkdirat(int folder, const char *name, mode_t mode);
int __wrap_mkdirat(int folder, const char *name, mode_t mode)
{
    call();
    return __real_mkdirat(folder, name, mode);
}

int __real_unlinkat(int folder, const char *name, int flags);
int __wrap_unlinkat(int folder, const char *name, int flags)
{
    call();
    return __real_unlinkat(folder, name, flags);
}

/* The library writes under a name of its own beside the output. */
int __real_selectai_image_crop_file(const char *output, const char *path, const struct selectai_pixel_box *box,
                                    const struct selectai_image_options *options);
int __wrap_selectai_image_crop_file(const char *output, const char *path, const struct selectai_pixel_box *box,
                                    const struct selectai_image_options *options)
{
    if (calls_left == 1) {
        char half[600];
        snprintf(half, sizeof half, "%s.tmp-77-0", output);
        FILE *file = fopen(half, "w");
        if (file) {
            fputs("half", file);
            fclose(file);
        }
    }
    call();
    return __real_selectai_image_crop_file(output, path, box, options);
}

/* ---- Children -------------------------------------------------------------------------------- */

enum what { RUN, RESUME, UNDO };

/* In a process of its own, killed at the n-th call (0: never). 1: it was killed. */
static int in_child(struct folder *folder, enum what what, long kill_at)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct finalize_result result = {0};
        calls_left = 0;
        scan_groups(folder);
        struct journal *journal = open_journal(folder);
        struct finalize_plan plan = {0};
        int rc = what == RUN ? plan_finalize(&plan, &folder->groups, journal) : SELECTAI_OK;
        calls_left = kill_at;
        if (rc == SELECTAI_OK && what == RUN)
            rc = run_finalize(&result, folder->state, &folder->groups, journal, &plan, NULL, NULL);
        else if (rc == SELECTAI_OK)
            rc = (what == RESUME ? resume_finalize : undo_finalize)(&result, folder->state, &folder->groups, journal,
                                                                    NULL, NULL);
        if (rc != SELECTAI_OK || result.failed > 0)
            fprintf(stderr, "what %d at %ld: code %d\n", (int)what, kill_at, rc),
                json_dumpf(result.problems, stderr, JSON_INDENT(1));
        _exit(rc == SELECTAI_OK && result.failed == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return 1;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    return 0;
}

static void restore(struct folder *folder)
{
    char command[400];
    snprintf(command, sizeof command,
             "cd '%s' && find raw state -mindepth 1 -xdev ! -path 'raw/day 1' -delete 2>/dev/null; cp -a saved/. .",
             folder->path);
    assert_int_equal(system(command), 0);
}

static void save(struct folder *folder)
{
    char command[300];
    snprintf(command, sizeof command, "cd '%s' && rm -rf saved && mkdir saved && cp -a raw state saved", folder->path);
    assert_int_equal(system(command), 0);
}

static size_t notes_in(const struct folder *folder, const char *action)
{
    char wanted[64];
    size_t n, count = 0;
    char *text = get_bytes(folder, "state/journal.jsonl", &n);
    snprintf(wanted, sizeof wanted, "\"%s\"", action);
    for (const char *at = text; (at = strstr(at, wanted)) != NULL; at++)
        count++;
    free(text);
    return count;
}

/* What was begun goes on, once it has begun; before that it is begun again. */
static void go_on(struct folder *folder, enum what what)
{
    if (finalize_unfinished(folder->state))
        assert_int_equal(in_child(folder, RESUME, 0), 0);
    else if ((what == RUN) != finalize_can_undo(folder->state)) /* not at its last call, after which it has ended */
        assert_int_equal(in_child(folder, what, 0), 0);
}

/* Kills at the first, second, third ... call, until none is left. */
static void kill_everywhere(struct folder *folder)
{
    char *before = tree(folder->root);
    save(folder);
    assert_int_equal(in_child(folder, RUN, 0), 0);
    char *after = tree(folder->root);
    assert_string_not_equal(before, after);
    long n_run = 0, n_undo = 0;
    for (int killed = 1; killed; n_run++) {
        restore(folder);
        assert_same_tree(folder->root, before);
        killed = in_child(folder, RUN, n_run + 1);
        if (killed)
            go_on(folder, RUN);
        assert_same_tree(folder->root, after);
        assert_int_equal(finalize_unfinished(folder->state), 0);
        assert_int_equal(notes_in(folder, "finalize"), 1);
    }
    assert_true(n_run > 40);
    assert_int_equal(in_child(folder, UNDO, 0), 0);
    char *back = tree(folder->root), *files = tree_but(folder->root, "__delete_staging");
    assert_string_equal(files, before); /* all but the crop that was made */
    for (int killed = 1; killed; n_undo++) {
        restore(folder);
        assert_int_equal(in_child(folder, RUN, 0), 0);
        killed = in_child(folder, UNDO, n_undo + 1);
        if (killed)
            go_on(folder, UNDO);
        assert_same_tree(folder->root, back);
        assert_int_equal(finalize_can_undo(folder->state), 0);
        assert_int_equal(notes_in(folder, "undo-finalize"), 1);
    }
    assert_true(n_undo > 20);
    for (long k = 1; k < n_run; k += 3) { /* killed half way, then taken back */
        restore(folder);
        if (!in_child(folder, RUN, k) || !finalize_can_undo(folder->state))
            continue;
        assert_int_equal(in_child(folder, UNDO, 0), 0);
        char *found = tree_but(folder->root, "__delete_staging");
        assert_string_equal(found, before);
        free(found);
    }
    print_message("killed at each of %ld and %ld calls\n", n_run - 1, n_undo - 1);
    free(before);
    free(after);
    free(back);
    free(files);
}

static void at_every_call(void **state)
{
    kill_everywhere(*state);
}

static int put_map(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY), ok = fd >= 0 && __real_write(fd, text, strlen(text)) > 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Mounts of our own, in which nobody else sees what we mount. 0: that is not allowed here. */
static int own_mounts(void)
{
    char uid[64], gid[64];
    int user = geteuid() != 0;
    snprintf(uid, sizeof uid, "0 %u 1", (unsigned)geteuid());
    snprintf(gid, sizeof gid, "0 %u 1", (unsigned)getegid());
    if (unshare(user ? CLONE_NEWNS | CLONE_NEWUSER : CLONE_NEWNS) != 0)
        return 0;
    if (user && (!put_map("/proc/self/setgroups", "deny") || !put_map("/proc/self/uid_map", uid) ||
                 !put_map("/proc/self/gid_map", gid)))
        return 0;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* A sub-folder is a file system of its own: files are copied, compared, and then unlinked. */
static void at_every_call_across_file_systems(void **state)
{
    struct folder *folder = *state;
    char path[512], command[600];
    folder_path(path, folder, "raw/day 1");
    if (!own_mounts())
        skip();
    snprintf(command, sizeof command, "cp -a '%s' '%s/day'", path, folder->path);
    assert_int_equal(system(command), 0);
    if (mount("selectai-test", path, "tmpfs", 0, "size=16m") != 0)
        skip();
    snprintf(command, sizeof command, "cp -a '%s/day/.' '%s'", folder->path, path);
    assert_int_equal(system(command), 0);
    kill_everywhere(folder);
    assert_int_equal(umount(path), 0);
}

/* Hundreds of copies of the project are made: in memory, where the machine has such a file system. */
static int setup_in_memory(void **state)
{
    char path[64] = "/dev/shm/selectai-review-XXXXXX", command[200];
    if (project_setup(state) != 0)
        return -1;
    struct folder *folder = *state;
    if (!mkdtemp(path))
        return 0;
    snprintf(command, sizeof command, "cp -a '%s/.' '%s'", folder->path, path);
    if (system(command) != 0)
        return -1;
    remove_tree(folder->path);
    strcpy(folder->path, path);
    snprintf(folder->root, sizeof folder->root, "%s/raw", path);
    snprintf(folder->state, sizeof folder->state, "%s/state", path);
    scan_groups(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_every_call, setup_in_memory, folder_teardown),
        cmocka_unit_test_setup_teardown(at_every_call_across_file_systems, setup_in_memory, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
