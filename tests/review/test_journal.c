/*
 * test_journal.c: nothing that was acknowledged gets lost; what never was a decision does not become one.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "review_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "review/journal_internal.h"

#define JOURNAL "state/journal.jsonl"

/* System calls that fail when asked to (linked with --wrap). */
static int flock_error, n_failing_syncs, n_failing_cuts;
int __real_flock(int fd, int operation);
int __real_fsync(int fd);
int __real_ftruncate64(int fd, off_t length);

int __wrap_flock(int fd, int operation)
{
    errno = flock_error;
    return flock_error ? -1 : __real_flock(fd, operation);
}

int __wrap_fsync(int fd)
{
    errno = EIO;
    return n_failing_syncs > 0 && n_failing_syncs-- ? -1 : __real_fsync(fd);
}

int __wrap_ftruncate64(int fd, off_t length)
{
    errno = EIO;
    return n_failing_cuts > 0 && n_failing_cuts-- ? -1 : __real_ftruncate64(fd, length);
}

static struct journal *opened(struct folder *folder)
{
    struct journal *journal = NULL;
    int read_only = -1;
    assert_int_equal(journal_open(&journal, folder->state, &folder->groups, &read_only), SELECTAI_OK);
    assert_int_equal(read_only, 0);
    return journal;
}

static int refused(struct folder *folder)
{
    struct journal *journal = NULL;
    int read_only = -1, rc = journal_open(&journal, folder->state, &folder->groups, &read_only);
    assert_null(journal);
    return rc;
}

static const struct circumstances plain = {.source = MANUAL, .seconds = 1.25, .agreed = -1};

static uint64_t decide(struct journal *journal, size_t group, uint32_t image, enum crop_kind crop)
{
    struct winner winner;
    struct decision decision = pick_of(&winner, image, crop);
    uint64_t op = 0;
    assert_int_equal(journal_decide(journal, &op, group, &decision, &plain), SELECTAI_OK);
    return op;
}

static uint64_t decide_outcome(struct journal *journal, size_t group, enum outcome outcome)
{
    struct decision decision = {.outcome = outcome};
    uint64_t op = 0;
    assert_int_equal(journal_decide(journal, &op, group, &decision, &plain), SELECTAI_OK);
    return op;
}

/* The winner's image, or what stands instead: -1 undecided, -2 rejected, -3 skipped. */
static int state_of(const struct journal *journal, size_t group)
{
    const struct decision *d = &journal_standing(journal, group)->decision;
    return d->outcome == PICK        ? (int)d->winners[0].image
           : d->outcome == UNDECIDED ? -1
           : d->outcome == REJECT    ? -2
                                     : -3;
}

static void stands_after_reopening(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    struct winner winners[2] = {{.image = 0, .crop = CROP_LATER},
                                {.image = 2, .crop = CROP_EDITED, .box = {1 / 3.0, 0.1, 0.9, 2 / 3.0}}};
    struct decision decision = {PICK, 2, winners};
    json_t *suggestion = json_pack("{s:s, s:[f,f,f]}", "winner", folder->groups.images[3].id, "probabilities", 0.1, 0.2,
                                   0.7);
    struct circumstances how = {
        .source = AUDIT, .seconds = 2.3456, .agreed = 0, .model = "ranker.st:ab", .suggestion = suggestion};
    uint64_t op = 0;
    assert_int_equal(journal_decide(journal, &op, 1, &decision, &how), SELECTAI_OK);
    json_decref(suggestion);
    assert_int_equal(op, 1);
    struct standing before = *journal_standing(journal, 1);
    assert_int_equal(copy_decision(&before.decision, &before.decision), SELECTAI_OK);
    assert_true(fabs(before.decision.winners[1].box.x1 - 1 / 3.0) < 1e-15);
    assert_int_equal(before.decision.winners[1].width, 80);
    assert_int_equal(before.decision.winners[1].height, 120);
    assert_int_equal(before.decision.winners[1].pixels.x1, 27); /* 26.67 */
    assert_int_equal(before.decision.winners[1].pixels.x2, 72); /* and 45.33 wide */
    assert_int_equal(before.decision.winners[1].pixels.y1, 12);
    assert_int_equal(before.decision.winners[1].pixels.y2, 80);
    journal_close(&journal);
    assert_null(journal);
    journal = opened(folder);
    const struct standing *after = journal_standing(journal, 1);
    assert_true(same_decision(&after->decision, &before.decision)); /* to the bit */
    static const int32_t pixels[4] = {27, 12, 72, 80};
    assert_memory_equal(&after->decision.winners[1].pixels, pixels, sizeof pixels);
    assert_int_equal(after->decision.winners[0].height, 120);
    assert_int_equal(after->op, 1);
    assert_int_equal(after->source, AUDIT);
    assert_int_equal(after->agreed, 0);
    assert_true(after->seconds == 2.346);
    assert_int_equal(strlen(after->time), strlen("2026-11-28T04:01:02.345Z"));
    free_decision(&before.decision);
    assert_int_equal(state_of(journal, 0), -1);
    assert_int_equal(journal_standing(journal, 0)->op, 0);
    assert_int_equal(journal_operations(journal), 1);
    journal_close(&journal);
}

static void undo_has_no_limit_and_survives(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    uint64_t op;
    size_t group, n;
    for (int i = 0; i < 40; i++)
        decide(journal, (size_t)i % N_GROUPS, (uint32_t)(i / N_GROUPS) % 3, CROP_WHOLE);
    for (int i = 39; i >= 0; i--) {
        if (i % 7 == 0) {
            journal_close(&journal);
            journal = opened(folder);
        }
        assert_true(journal_can_undo(journal));
        assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_OK);
        assert_int_equal(group, i % N_GROUPS);
        assert_int_equal(n, 1);
        assert_int_equal(state_of(journal, group), i < N_GROUPS ? -1 : (i / N_GROUPS - 1) % 3);
    }
    assert_false(journal_can_undo(journal));
    assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_DONE);
    for (int i = 0; i < 40; i++) {
        if (i % 11 == 0) {
            journal_close(&journal);
            journal = opened(folder);
        }
        assert_int_equal(journal_redo(journal, &op, &group, &n), SELECTAI_OK);
        assert_int_equal(state_of(journal, group), (i / N_GROUPS) % 3);
    }
    assert_int_equal(journal_redo(journal, &op, &group, &n), SELECTAI_DONE);
    assert_int_equal(journal_operations(journal), 120);
    journal_close(&journal);
}

static void a_new_decision_ends_redo(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    uint64_t op;
    size_t group, n;
    decide(journal, 0, 0, CROP_WHOLE);
    decide(journal, 1, 1, CROP_WHOLE);
    journal_undo(journal, &op, &group, &n);
    assert_true(journal_can_redo(journal));
    decide_outcome(journal, 2, REJECT);
    for (int again = 0; again < 2; again++) {
        assert_false(journal_can_redo(journal));
        assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_OK);
        assert_int_equal(group, 2);
        assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_OK);
        assert_int_equal(group, 0);
        assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_DONE);
        journal_redo(journal, &op, &group, &n);
        journal_redo(journal, &op, &group, &n);
        journal_close(&journal);
        journal = opened(folder);
    }
    decide_outcome(journal, 2, UNDECIDED);
    assert_int_equal(state_of(journal, 2), -1);
    journal_undo(journal, &op, &group, &n);
    assert_int_equal(state_of(journal, 2), -2);
    decide_outcome(journal, 2, SKIP);
    assert_int_equal(state_of(journal, 2), -3);
    journal_close(&journal);
}

static void revisions_tell_what_changed(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    uint64_t op, before = journal_revision(journal);
    size_t group, n;
    decide(journal, 2, 0, CROP_WHOLE);
    assert_true(journal_group_revision(journal, 2) > before);
    assert_true(journal_group_revision(journal, 1) <= before);
    before = journal_revision(journal);
    journal_undo(journal, &op, &group, &n);
    assert_true(journal_group_revision(journal, 2) > before);
    assert_true(journal_revision(journal) >= journal_group_revision(journal, 2));
    journal_close(&journal);
}

static void decide_many(struct journal *journal)
{
    static const size_t groups[3] = {0, 3, 2};
    struct winner winners[3];
    struct decision decisions[3];
    struct circumstances how[3] = {plain, plain, plain};
    uint64_t op = 0, before = journal_operations(journal);
    for (int i = 0; i < 3; i++) {
        decisions[i] = pick_of(&winners[i], 2, CROP_SUGGESTED);
        how[i].source = BULK;
        how[i].agreed = 1;
    }
    assert_int_equal(journal_decide_all(journal, &op, groups, decisions, how, 3), SELECTAI_OK);
    assert_int_equal(op, before + 1);
    assert_int_equal(journal_operations(journal), before + 3);
}

static void many_are_one_undo(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    uint64_t op;
    size_t group, n;
    decide(journal, 3, 1, CROP_WHOLE);
    decide_many(journal);
    for (int again = 0; again < 3; again++) {
        assert_int_equal(state_of(journal, 0), 2);
        assert_int_equal(state_of(journal, 3), 2);
        assert_int_equal(journal_standing(journal, 3)->source, BULK);
        assert_int_equal(journal_standing(journal, 3)->agreed, 1);
        assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_OK);
        assert_int_equal(group, 0);
        assert_int_equal(n, 3);
        assert_int_equal(state_of(journal, 0), -1);
        assert_int_equal(state_of(journal, 3), 1);
        journal_close(&journal);
        journal = opened(folder);
        assert_int_equal(state_of(journal, 3), 1);
        assert_int_equal(journal_redo(journal, &op, &group, &n), SELECTAI_OK);
        journal_close(&journal);
        journal = opened(folder);
    }
    journal_close(&journal);
}

/* ---- Torn ends ------------------------------------------------------------------------------- */

/* Which operation of the four holds after so many bytes; they end at ends[]. */
static int n_whole(const size_t *ends, size_t n)
{
    int whole = 0;
    while (whole < 5 && ends[whole] <= n)
        whole++;
    return whole;
}

static void what_was_cut_off_is_set_aside(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    char torn[64], path[512];
    size_t ends[5] = {0}, n, n_torn;
    free(get_bytes(folder, JOURNAL, &ends[0])); /* the header */
    decide(journal, 1, 1, CROP_WHOLE);
    free(get_bytes(folder, JOURNAL, &ends[1]));
    decide_many(journal);
    free(get_bytes(folder, JOURNAL, &ends[2]));
    journal_undo(journal, &(uint64_t){0}, &(size_t){0}, &(size_t){0});
    free(get_bytes(folder, JOURNAL, &ends[3]));
    decide_outcome(journal, 1, REJECT);
    char *whole = get_bytes(folder, JOURNAL, &ends[4]);
    journal_close(&journal);
    for (size_t cut = 0; cut <= ends[4]; cut += cut < 40 || ends[4] - cut < 40 ? 1 : 37) {
        int operations = n_whole(ends, cut);
        put_bytes(folder, JOURNAL, whole, cut);
        journal = opened(folder);
        assert_int_equal(state_of(journal, 1), operations == 5 ? -2 : operations >= 2 ? 1 : -1);
        assert_int_equal(state_of(journal, 3), operations == 3 ? 2 : -1);
        static const uint64_t ops[6] = {0, 0, 1, 4, 7, 8};
        assert_int_equal(journal_operations(journal), ops[operations]);
        snprintf(torn, sizeof torn, "state/journal.jsonl.torn-%d", (int)ops[operations] + 1);
        char *rest = get_bytes(folder, torn, &n_torn);
        size_t kept = operations ? ends[operations - 1] : 0;
        if (cut == kept) {
            assert_null(rest);
        } else {
            assert_int_equal(n_torn, cut - kept);
            assert_memory_equal(rest, whole + kept, n_torn);
            folder_path(path, folder, torn);
            unlink(path);
        }
        free(rest);
        decide(journal, 0, 2, CROP_WHOLE); /* and it goes on */
        journal_close(&journal);
        journal = opened(folder);
        assert_int_equal(state_of(journal, 0), 2);
        journal_close(&journal);
        free(get_bytes(folder, JOURNAL, &n));
        assert_true(n > kept);
    }
    free(whole);
}

static void torn_files_are_never_written_over(void **state)
{
    struct folder *folder = *state;
    size_t n;
    put_text(folder, "state/journal.jsonl.torn-1", "precious");
    put_text(folder, JOURNAL, "{\"journal\":\"selec");
    struct journal *journal = opened(folder);
    journal_close(&journal);
    char *old = get_bytes(folder, "state/journal.jsonl.torn-1", &n);
    assert_string_equal(old, "precious");
    free(old);
    char *torn = get_bytes(folder, "state/journal.jsonl.torn-1-2", &n);
    assert_string_equal(torn, "{\"journal\":\"selec");
    free(torn);
}

/* ---- Kills and full disks -------------------------------------------------------------------- */

/* Decides until it is killed, and tells each operation when it was acknowledged. */
static void decide_for_ever(struct folder *folder, int pipe_fd)
{
    struct journal *journal = NULL;
    int read_only;
    uint64_t op;
    if (journal_open(&journal, folder->state, &folder->groups, &read_only) != SELECTAI_OK || read_only)
        _exit(1);
    for (uint32_t i = 0;; i++) {
        struct winner winner;
        struct decision decision = pick_of(&winner, i % 3, CROP_EDITED);
        if (journal_decide(journal, &op, i % N_GROUPS, &decision, &plain) != SELECTAI_OK ||
            write(pipe_fd, &op, sizeof op) != sizeof op)
            _exit(1);
    }
}

static void a_kill_loses_nothing_that_was_acknowledged(void **state)
{
    struct folder *folder = *state;
    uint64_t op, acknowledged = 0;
    for (int round = 0; round < 8; round++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            decide_for_ever(folder, fds[1]);
        close(fds[1]);
        for (int i = 0; i < 3 + 5 * round; i++)
            assert_int_equal(read(fds[0], &acknowledged, sizeof acknowledged), sizeof acknowledged);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(fds[0], &op, sizeof op) == sizeof op)
            acknowledged = op;
        close(fds[0]);
        struct journal *journal = opened(folder); /* the lock file of the dead is no obstacle */
        assert_true(journal_operations(journal) >= acknowledged);
        assert_true(journal_operations(journal) <= acknowledged + 1);
        journal_close(&journal);
    }
}

static void a_full_disk_costs_one_decision(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    struct rlimit old, small;
    struct winner winner;
    struct decision decision = pick_of(&winner, 1, CROP_WHOLE);
    size_t size = 0, after = 0;
    uint64_t op = 99;
    decide(journal, 0, 0, CROP_WHOLE);
    char *before = get_bytes(folder, JOURNAL, &size);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = size + 40; /* a line is written in part */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int decided = journal_decide(journal, &op, 1, &decision, &plain);
    int undone = journal_undo(journal, &op, &(size_t){0}, &(size_t){0});
    int noted = journal_note(journal, "finalize", NULL);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(decided, SELECTAI_ERR_NO_SPACE);
    assert_int_equal(undone, SELECTAI_ERR_NO_SPACE);
    assert_int_equal(noted, SELECTAI_ERR_NO_SPACE);
    char *now = get_bytes(folder, JOURNAL, &after);
    assert_int_equal(after, size);
    assert_memory_equal(now, before, size);
    free(now);
    free(before);
    assert_int_equal(state_of(journal, 1), -1);
    assert_int_equal(state_of(journal, 0), 0);
    assert_int_equal(decide(journal, 1, 1, CROP_WHOLE), 2);
    journal_close(&journal);
    journal = opened(folder);
    assert_int_equal(state_of(journal, 1), 1);
    assert_true(journal_can_undo(journal));
    journal_close(&journal);
}

static void what_could_not_be_synced_is_no_decision(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    struct winner winner;
    struct decision decision = pick_of(&winner, 2, CROP_WHOLE);
    size_t size = 0, after = 0;
    uint64_t op = 0;
    decide(journal, 0, 0, CROP_WHOLE);
    char *before = get_bytes(folder, JOURNAL, &size);
    for (int cuts = 0; cuts < 3; cuts++) { /* also where taking it off fails: at once, and in the next call */
        n_failing_syncs = 1;
        n_failing_cuts = cuts;
        assert_int_equal(journal_decide(journal, &op, 1, &decision, &plain), SELECTAI_ERR_IO);
        assert_int_equal(state_of(journal, 1), -1);
        if (cuts == 2)
            assert_int_equal(journal_decide(journal, &op, 1, &decision, &plain), SELECTAI_ERR_IO);
        assert_int_equal(n_failing_cuts, 0);
        assert_int_equal(journal_operations(journal), 1);
    }
    n_failing_syncs = 0;
    assert_int_equal(decide(journal, 2, 1, CROP_WHOLE), 2);
    journal_close(&journal);
    char *now = get_bytes(folder, JOURNAL, &after);
    assert_memory_equal(now, before, size);
    assert_null(strstr(now + size, folder->groups.groups[1].id));
    free(now);
    free(before);
    journal = opened(folder);
    assert_int_equal(state_of(journal, 1), -1);
    assert_int_equal(state_of(journal, 2), 1);
    journal_close(&journal);
}

/* ---- Two processes --------------------------------------------------------------------------- */

static void a_second_one_follows(void **state)
{
    struct folder *folder = *state;
    struct journal *writer = opened(folder), *reader = NULL;
    struct winner winner;
    struct decision decision = pick_of(&winner, 1, CROP_WHOLE);
    int read_only = 0;
    uint64_t op;
    size_t group, n;
    decide(writer, 0, 1, CROP_WHOLE);
    assert_int_equal(journal_open(&reader, folder->state, &folder->groups, &read_only), SELECTAI_OK);
    assert_int_equal(read_only, 1);
    assert_int_equal(state_of(reader, 0), 1);
    assert_int_equal(journal_follow(reader), 0);
    decide_many(writer);
    assert_int_equal(journal_follow(reader), 3);
    assert_int_equal(state_of(reader, 3), 2);
    journal_undo(writer, &op, &group, &n);
    assert_int_equal(journal_follow(reader), 3);
    assert_int_equal(state_of(reader, 3), -1);
    assert_int_equal(journal_decide(reader, &op, 0, &decision, &plain), SELECTAI_ERR_PERMISSION);
    assert_false(journal_can_undo(reader));
    assert_int_equal(journal_undo(reader, &op, &group, &n), SELECTAI_ERR_PERMISSION);
    assert_int_equal(journal_note(reader, "x", NULL), SELECTAI_ERR_PERMISSION);
    journal_close(&writer);
    journal_close(&reader);
    writer = opened(folder);
    journal_close(&writer);
}

static void a_follower_takes_whole_lines_and_operations(void **state)
{
    struct folder *folder = *state;
    struct journal *writer = opened(folder), *reader = NULL;
    int read_only;
    size_t n_before, n;
    decide(writer, 1, 1, CROP_WHOLE);
    free(get_bytes(folder, JOURNAL, &n_before));
    decide_many(writer);
    char *whole = get_bytes(folder, JOURNAL, &n);
    journal_close(&writer);
    put_bytes(folder, JOURNAL, whole, n_before);
    writer = opened(folder);
    assert_int_equal(journal_open(&reader, folder->state, &folder->groups, &read_only), SELECTAI_OK);
    for (size_t cut = n_before; cut < n; cut += 101) {
        put_bytes(folder, JOURNAL, whole, cut);
        assert_int_equal(journal_follow(reader), 0);
        assert_int_equal(state_of(reader, 0), -1);
    }
    put_bytes(folder, JOURNAL, whole, n);
    assert_int_equal(journal_follow(reader), 3);
    put_bytes(folder, JOURNAL, whole, n_before); /* the writer could not sync it */
    assert_true(journal_follow(reader) > 0);
    assert_int_equal(state_of(reader, 0), -1);
    assert_int_equal(state_of(reader, 1), 1);
    free(whole);
    journal_close(&reader);
    journal_close(&writer);
}

static void a_follower_may_come_before_the_file(void **state)
{
    struct folder *folder = *state;
    struct journal *writer = opened(folder), *reader = NULL;
    char path[512], away[512];
    int read_only = 0;
    decide(writer, 2, 1, CROP_WHOLE);
    folder_path(path, folder, JOURNAL);
    folder_path(away, folder, "away");
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(journal_open(&reader, folder->state, &folder->groups, &read_only), SELECTAI_OK);
    assert_int_equal(read_only, 1);
    assert_int_equal(journal_follow(reader), 0);
    assert_int_equal(rename(away, path), 0);
    assert_int_equal(journal_follow(reader), 1);
    assert_int_equal(state_of(reader, 2), 1);
    journal_close(&reader);
    journal_close(&writer);
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void links_and_other_kinds_are_refused(void **state)
{
    struct folder *folder = *state;
    char path[512], target[512];
    size_t n;
    folder_path(path, folder, JOURNAL);
    folder_path(target, folder, "elsewhere");
    put_text(folder, "elsewhere", "");
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(refused(folder), SELECTAI_ERR_PERMISSION);
    char *bytes = get_bytes(folder, "elsewhere", &n);
    assert_int_equal(n, 0);
    free(bytes);
    unlink(path);
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_equal(refused(folder), SELECTAI_ERR_PERMISSION);
    unlink(path);
    folder_path(path, folder, "state/lock");
    unlink(path);
    assert_int_equal(symlink(target, path), 0);
    assert_int_not_equal(refused(folder), SELECTAI_OK);
    snprintf(folder->state, sizeof folder->state, "/nowhere/at all");
    assert_int_equal(refused(folder), SELECTAI_ERR_NOT_FOUND);
}

static void file_systems_without_locks_are_refused(void **state)
{
    static const int errors[] = {ENOLCK, EOPNOTSUPP};
    struct folder *folder = *state;
    for (size_t i = 0; i < 2; i++) {
        flock_error = errors[i];
        int rc = refused(folder);
        flock_error = 0;
        assert_int_equal(rc, SELECTAI_ERR_UNSUPPORTED);
    }
    struct journal *journal = opened(folder);
    journal_close(&journal);
}

static void headers_of_others_are_refused(void **state)
{
    struct folder *folder = *state;
    put_text(folder, JOURNAL, "{\"journal\":\"selectai-review\",\"version\":2,\"project\":\"mojo\"}\n");
    assert_int_equal(refused(folder), SELECTAI_ERR_UNSUPPORTED);
    put_text(folder, JOURNAL, "{\"journal\":\"selectai-review\",\"version\":1,\"project\":\"other\"}\n");
    assert_int_equal(refused(folder), SELECTAI_ERR_MISMATCH);
    put_text(folder, JOURNAL, "{\"journal\":\"something\",\"version\":1,\"project\":\"mojo\"}\n");
    assert_int_equal(refused(folder), SELECTAI_ERR_FORMAT);
    put_text(folder, JOURNAL, "\n");
    assert_int_equal(refused(folder), SELECTAI_ERR_FORMAT);
    put_text(folder, JOURNAL, "{\"journal\":\"selectai-review\",\"version\":1,\"project\":\"mojo\",\"new\":[1]}\n");
    struct journal *journal = opened(folder);
    journal_close(&journal);
}

static void a_changed_line_is_refused(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    size_t n, header;
    free(get_bytes(folder, JOURNAL, &header));
    decide(journal, 0, 0, CROP_SUGGESTED);
    decide(journal, 1, 0, CROP_WHOLE);
    journal_close(&journal);
    char *bytes = get_bytes(folder, JOURNAL, &n);
    for (size_t i = header; i + 1 < n; i += 7) {
        char old = bytes[i];
        const char *check = strstr(bytes + i, "\"check\"");
        if (old == '\n' || !check || check > strchr(bytes + i, '\n')) /* from that key on nothing else can be wrong */
            continue;
        bytes[i] = old == '1' ? '2' : '1';
        put_bytes(folder, JOURNAL, bytes, n);
        assert_int_equal(refused(folder), SELECTAI_ERR_FORMAT);
        bytes[i] = old;
    }
    put_bytes(folder, JOURNAL, bytes, n);
    journal = opened(folder);
    journal_close(&journal);
    free(bytes);
}

static const char *line_for(char out[2048], const struct folder *folder, unsigned op, const char *action, size_t group,
                            const char *decision, const char *more)
{
    snprintf(out, 2048,
             "{\"later\":{\"x\":[\"}\\\"]\"]}, \"op\":%u,\"action\":\"%s\",\"group\":\"%s\",\"decision\":%s%s}\n", op,
             action, folder->groups.groups[group].id, decision, more);
    return out;
}

static const char header_text[] = "{\"journal\":\"selectai-review\",\"version\":1,\"project\":\"mojo\"}\n";

static void put_lines(const struct folder *folder, const char *a, const char *b)
{
    char text[8192];
    snprintf(text, sizeof text, "%s%s%s", header_text, a, b);
    put_text(folder, JOURNAL, text);
}

static void lines_of_later_versions_are_kept(void **state)
{
    struct folder *folder = *state;
    char a[2048], b[2048];
    size_t n;
    put_lines(folder, line_for(a, folder, 5, "reject", 0, "{\"outcome\":\"reject\",\"tag\":7}", ",\"who\":\"me\""),
              "{\"op\":9,\"action\":\"teleport\",\"to\":[1,2]}\n");
    struct journal *journal = opened(folder);
    assert_int_equal(state_of(journal, 0), -2);
    assert_int_equal(journal_standing(journal, 0)->source, MANUAL);
    assert_true(isnan(journal_standing(journal, 0)->seconds));
    assert_int_equal(decide(journal, 1, 1, CROP_WHOLE), 10);
    journal_close(&journal);
    char *bytes = get_bytes(folder, JOURNAL, &n);
    assert_non_null(strstr(bytes, "teleport"));
    assert_non_null(strstr(bytes, "\"who\":\"me\""));
    free(bytes);
    put_lines(folder, line_for(a, folder, 2, "skip", 0, "{\"outcome\":\"skip\"}", ""),
              line_for(b, folder, 1, "skip", 1, "{\"outcome\":\"skip\"}", ""));
    assert_int_equal(refused(folder), SELECTAI_ERR_FORMAT);
}

static void lines_that_make_no_sense_are_refused(void **state)
{
    struct folder *folder = *state;
    static const char *const bad[] = {"not JSON\n",
                                      "{\"op\":2,\"action\":\"skip\"}\n",
                                      "{\"op\":2}\n",
                                      "{\"op\":0,\"action\":\"x\"}\n",
                                      "{\"op\":-2,\"action\":\"x\"}\n",
                                      "{\"op\":2,\"action\":\"x\"}}\n",
                                      "{\"op\":2,\"action\":\"x\",}\n",
                                      "{\"op\":2,\"action\":\"x\",\"a\":[}]\n",
                                      "{\"op\":2,\"action\":\"x\",\"a\":\"\n",
                                      "{\"op\":99999999999999999999999,\"action\":\"x\"}\n",
                                      "{\"op\":2,\"action\":\"undo\",\"of\":7,\"group\":\"0000000000000000\"}\n",
                                      "{\"op\":2,\"action\":\"redo\",\"of\":1,\"group\":\"0000000000000000\"}\n",
                                      "{\"op\":2,\"action\":\"undo\",\"group\":\"0000000000000000\"}\n",
                                      "{\"op\":2,\"action\":\"x\",\"batch\":3,\"lines\":2}\n",
                                      "{\"op\":3,\"action\":\"x\",\"batch\":2,\"lines\":2}\n",
                                      "{\"op\":2,\"action\":\"x\",\"batch\":2,\"lines\":0}\n"};
    static const char *const decisions[] = {
        "null,\"x\":nul",
        "{\"outcome\":\"marry\"}",
        "{\"outcome\":\"pick\"}",
        "{\"outcome\":\"pick\",\"winners\":[]}",
        "{\"outcome\":\"pick\",\"winners\":[{\"image\":\"0000000000000000\",\"crop\":\"whole\"}]}",
        "7",
        "[]",
        "{\"outcome\":\"skip\""};
    char a[2048];
    line_for(a, folder, 1, "skip", 0, "{\"outcome\":\"skip\"}", "");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_lines(folder, a, bad[i]);
        if (refused(folder) != SELECTAI_ERR_FORMAT)
            fail_msg("taken: %s", bad[i]);
    }
    for (size_t i = 1; i < sizeof decisions / sizeof *decisions; i++) {
        put_lines(folder, line_for(a, folder, 1, "pick", 0, decisions[i], ""), "");
        if (refused(folder) != SELECTAI_ERR_FORMAT)
            fail_msg("taken: %s", decisions[i]);
    }
}

/* Whatever a line holds: it is refused or taken, within bounds (ASan looks). */
static void spoilt_lines_do_no_harm(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    size_t n;
    uint32_t seed = 1;
    decide(journal, 0, 0, CROP_SUGGESTED);
    decide_many(journal);
    journal_undo(journal, &(uint64_t){0}, &(size_t){0}, &(size_t){0});
    journal_close(&journal);
    char *bytes = get_bytes(folder, JOURNAL, &n);
    for (char *check = bytes; (check = strstr(check, "\"check\"")); check++)
        memcpy(check, "\"chock\"", 7); /* so that not every line is refused by it */
    char *copy = malloc(n);
    int taken = 0;
    for (int round = 0; round < 600; round++) {
        static const char signs[] = "\"{}[],:\\0\n";
        memcpy(copy, bytes, n);
        for (int k = 0; k < 1 + round % 3; k++) {
            seed = seed * 1664525u + 1013904223u;
            copy[(seed >> 8) % n] = signs[(seed >> 3) % (sizeof signs - 1)];
        }
        put_bytes(folder, JOURNAL, copy, n - round % 50);
        int read_only;
        if (journal_open(&journal, folder->state, &folder->groups, &read_only) == SELECTAI_OK) {
            taken++;
            journal_close(&journal);
        }
    }
    assert_in_range(taken, 1, 599);
    free(copy);
    free(bytes);
}

static size_t find_made_up(const void *of, const char *id)
{
    static const char *const ids[3] = {"00000000000000aa", "00000000000000bb", "00000000000000cc"};
    (void)of;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(ids[i], id) == 0)
            return i;
    return NO_INDEX;
}

/* The quick way of reading takes nothing that the thorough one does not take, and gives the same. */
static void both_ways_of_reading_agree(void **state)
{
    static const char *const texts[] = {
        "{\"outcome\":\"pick\",\"winners\":[{\"image\":\"00000000000000bb\",\"name\":\"a/"
        "b.png\",\"crop\":\"edited\",\"box\":"
        "{\"x1\":0.25,\"y1\":0.0,\"x2\":1.0,\"y2\":0.5},\"box_px\":[20,0,80,60],\"size\":[80,120]}]}",
        "{\"outcome\":\"pick\",\"winners\":[{\"image\":\"00000000000000aa\",\"name\":\"a\",\"crop\":\"whole\",\"box\":"
        "null,"
        "\"box_px\":null,\"size\":null},{\"image\":\"00000000000000cc\",\"name\":\"b\",\"crop\":\"later\",\"box\":null,"
        "\"box_px\":"
        "null,\"size\":[7,9]}]}"};
    uint32_t seed = 7, n_both = 0;
    char message[128];
    (void)state;
    for (int round = 0; round < 40000; round++) {
        static const char signs[] = "0123456789.-abcx1\"{}[],:e";
        struct decision quick, thorough;
        char text[512];
        size_t n = strlen(strcpy(text, texts[round % 2]));
        for (int k = 0; k < round % 3; k++) {
            seed = seed * 1664525u + 1013904223u;
            text[(seed >> 8) % n] = signs[(seed >> 3) % (sizeof signs - 1)];
        }
        if (!read_plain_decision(&quick, (struct span){text, n}, find_made_up, NULL))
            continue;
        n_both++;
        json_t *json = json_loadb(text, n, JSON_DECODE_ANY, NULL);
        if (json &&
            decision_of_json_named(&thorough, json, find_made_up, NULL, message, sizeof message) == SELECTAI_OK) {
            assert_true(same_decision(&quick, &thorough));
            assert_memory_equal(&quick.winners[0].pixels, &thorough.winners[0].pixels, sizeof quick.winners[0].pixels);
            assert_int_equal(quick.winners[0].width, thorough.winners[0].width);
            free_decision(&thorough);
        } else if (json) {
            fail_msg("refused (%s): %s", message, text);
        } /* no JSON: only numbers such as 01 or 0x1, which the line's check value rules out */
        json_decref(json);
        free_decision(&quick);
    }
    assert_true(n_both > 13334); /* every third is as it was written */
}

/* ---- Groups that are gone, Finalize ---------------------------------------------------------- */

static void groups_that_are_gone_are_kept(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    char from[512], to[512];
    uint64_t op;
    size_t group, n;
    decide(journal, 0, 1, CROP_EDITED);
    decide(journal, 3, 2, CROP_SUGGESTED);
    journal_close(&journal);
    folder_path(from, folder, "raw/day 1");
    folder_path(to, folder, "moved");
    assert_int_equal(rename(from, to), 0);
    scan_groups(folder);
    assert_int_equal(folder->groups.n_groups, 2);
    journal = opened(folder);
    assert_int_equal(journal_strangers(journal), 1);
    assert_int_equal(state_of(journal, 0), 1);
    assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_OK); /* that of the group that is gone */
    assert_int_equal(group, NO_INDEX);
    assert_int_equal(journal_redo(journal, &op, &group, &n), SELECTAI_OK);
    journal_close(&journal);
    assert_int_equal(rename(to, from), 0);
    scan_groups(folder);
    journal = opened(folder);
    assert_int_equal(journal_strangers(journal), 0);
    assert_int_equal(state_of(journal, 3), 2);
    assert_int_equal(journal_standing(journal, 3)->decision.winners[0].pixels.x2, 56);
    journal_close(&journal);
}

static void finalize_is_a_barrier(void **state)
{
    struct folder *folder = *state;
    struct journal *journal = opened(folder);
    uint64_t op;
    size_t group, n;
    json_t *more = json_pack("{s:s, s:i, s:i}", "plan", "finalize-1.jsonl", "op", 77, "check", 1);
    decide(journal, 0, 0, CROP_WHOLE);
    decide(journal, 1, 0, CROP_WHOLE);
    journal_undo(journal, &op, &group, &n);
    assert_int_equal(journal_note(journal, "model", NULL), SELECTAI_OK);
    assert_true(journal_can_undo(journal));
    assert_true(journal_can_redo(journal));
    assert_int_equal(journal_note(journal, "finalize", more), SELECTAI_OK);
    json_decref(more);
    for (int again = 0; again < 2; again++) {
        assert_false(journal_can_undo(journal));
        assert_false(journal_can_redo(journal));
        assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_DONE);
        assert_int_equal(state_of(journal, 0), 0);
        journal_close(&journal);
        journal = opened(folder);
    }
    decide(journal, 2, 0, CROP_WHOLE);
    assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_OK);
    assert_int_equal(group, 2);
    assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_DONE);
    assert_int_equal(journal_note(journal, "undo-finalize", NULL), SELECTAI_OK);
    journal_close(&journal);
    journal = opened(folder);
    assert_int_equal(journal_undo(journal, &op, &group, &n), SELECTAI_OK);
    assert_int_equal(group, 0);
    assert_int_equal(journal_operations(journal), 9);
    journal_close(&journal);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(stands_after_reopening),
        TEST(undo_has_no_limit_and_survives),
        TEST(a_new_decision_ends_redo),
        TEST(revisions_tell_what_changed),
        TEST(many_are_one_undo),
        TEST(what_was_cut_off_is_set_aside),
        TEST(torn_files_are_never_written_over),
        TEST(a_kill_loses_nothing_that_was_acknowledged),
        TEST(a_full_disk_costs_one_decision),
        TEST(what_could_not_be_synced_is_no_decision),
        TEST(a_second_one_follows),
        TEST(a_follower_takes_whole_lines_and_operations),
        TEST(a_follower_may_come_before_the_file),
        TEST(links_and_other_kinds_are_refused),
        TEST(file_systems_without_locks_are_refused),
        TEST(headers_of_others_are_refused),
        TEST(a_changed_line_is_refused),
        TEST(lines_of_later_versions_are_kept),
        TEST(lines_that_make_no_sense_are_refused),
        TEST(spoilt_lines_do_no_harm),
        cmocka_unit_test(both_ways_of_reading_agree),
        TEST(groups_that_are_gone_are_kept),
        TEST(finalize_is_a_barrier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
