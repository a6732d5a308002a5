/*
 * review/session.c: from a folder to a session, and where the last one was.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys.h"
#include "verbs.h"

#define STATE_FOLDER ".selectai-review"
#define CURSOR_FILE  "cursor"

/* ---- Opening --------------------------------------------------------------------------------- */

/* The folder's own name, whatever it was called by. */
static char *name_of_folder(const char *folder)
{
    char *real = realpath(folder, NULL);
    const char *slash = real ? strrchr(real, '/') : NULL;
    char *name = slash && slash[1] ? strdup(slash + 1) : real ? strdup("images") : NULL;
    free(real);
    return name;
}

static int make_state_folder(struct session *session, const struct session_how *how)
{
    session->state = how->state ? strdup(how->state) : path_of(session->groups.root, STATE_FOLDER);
    if (!session->state)
        return EXIT_FAILED;
    if (access(session->state, F_OK) != 0 && (how->looks_back || session->groups.n_groups == 0)) {
        if (session->groups.n_groups == 0)
            say("%s: no groups were found: files named YYYYMMDD_HHMMSS_stageN.png in at least two stages are needed",
                how->folder);
        else
            say("%s: nothing was decided here yet: start 'selectai review', or name the review's folder with --state",
                how->folder);
        return EXIT_FAILED; /* and the folder stays as it was */
    }
    if (mkdir(session->state, 0777) == 0 || errno == EEXIST)
        return EXIT_DONE;
    say("%s: %s; name another folder for the journal: --state DIR", session->state, strerror(errno));
    return EXIT_FAILED;
}

/* NULL: all files of the folder. */
static const struct choice *chosen(const struct session *session)
{
    return session->choice.root ? &session->choice : NULL;
}

static int scan(struct session *session, const struct session_how *how)
{
    struct stat st;
    if (stat(how->folder, &st) == 0 && S_ISREG(st.st_mode) && read_choice(&session->choice, how->folder) != EXIT_DONE)
        return EXIT_FAILED;
    const char *folder = session->choice.root ? session->choice.root : how->folder;
    char *name = how->project ? strdup(how->project) : name_of_folder(folder);
    if (!name) {
        say("%s: %s", how->folder, strerror(errno));
        return EXIT_FAILED;
    }
    int rc = open_groups(&session->groups, folder, name, how->group, chosen(session));
    free(name);
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

/* ---- Where the last run was ------------------------------------------------------------------ */

static int is_decided(const struct session *session, size_t group)
{
    return journal_standing(session->journal, group)->decision.outcome != UNDECIDED;
}

/* From `from` on, then from the start; `from` itself where all are decided. */
static size_t next_undecided(const struct session *session, size_t from)
{
    size_t n = session->groups.n_groups;
    for (size_t i = 0; i < n; i++)
        if (!is_decided(session, (from + i) % n))
            return (from + i) % n;
    return from;
}

static size_t last_decided(const struct session *session)
{
    uint64_t op = 0;
    size_t last = NO_INDEX;
    for (size_t g = 0; g < session->groups.n_groups; g++)
        if (journal_standing(session->journal, g)->op > op) {
            op = journal_standing(session->journal, g)->op;
            last = g;
        }
    return last;
}

/* "<group id> <operation>" */
static size_t read_cursor(const struct session *session, uint64_t *op)
{
    char id[REVIEW_ID] = "", *path = path_of(session->state, CURSOR_FILE);
    FILE *file = fopen(path, "r");
    int n = file ? fscanf(file, "%16[0-9a-f] %" SCNu64, id, op) : 0;
    if (file)
        fclose(file);
    free(path);
    return n == 2 ? find_group(&session->groups, id) : NO_INDEX;
}

/* The group that was on screen. It is written down a moment later than shown: if something was decided since, above all
 * this very group, the page had gone on already. */
static void find_cursor(struct session *session)
{
    uint64_t op = 0;
    size_t shown = read_cursor(session, &op), last = last_decided(session);
    session->kept_cursor = shown;
    session->kept_op = op;
    if (session->groups.n_groups == 0)
        session->cursor = 0;
    else if (shown == NO_INDEX || shown == last || op != journal_operations(session->journal))
        session->cursor = next_undecided(session, last == NO_INDEX ? 0 : last);
    else
        session->cursor = shown;
}

void session_keep_cursor(struct session *session)
{
    char id[REVIEW_ID] = "";
    pthread_mutex_lock(&session->lock);
    size_t cursor = session->cursor;
    uint64_t op = session->read_only ? 0 : journal_operations(session->journal);
    if (!session->read_only && cursor < session->groups.n_groups &&
        (cursor != session->kept_cursor || op != session->kept_op))
        memcpy(id, session->groups.groups[cursor].id, sizeof id);
    pthread_mutex_unlock(&session->lock);
    if (!id[0])
        return;
    char *path = path_of(session->state, CURSOR_FILE), *aside = path_of(session->state, CURSOR_FILE ".new");
    FILE *file = fopen(aside, "w"); /* not synced: a lost one costs a key press */
    int ok = file && fprintf(file, "%s %" PRIu64 "\n", id, op) > 0;
    if (file && fclose(file) != 0)
        ok = 0;
    if (ok && rename(aside, path) == 0) {
        pthread_mutex_lock(&session->lock);
        session->kept_cursor = cursor;
        session->kept_op = op;
        pthread_mutex_unlock(&session->lock);
    }
    free(path);
    free(aside);
}

/* ---- From start to end ----------------------------------------------------------------------- */

int session_open(struct session *session, const struct session_how *how)
{
    *session = (struct session){.epoch = 1, .min_confidence = 0.6, .kept_cursor = NO_INDEX, .group = *how->group};
    pthread_mutex_init(&session->lock, NULL);
    int code = scan(session, how);
    if (code == EXIT_DONE)
        code = make_state_folder(session, how);
    if (code == EXIT_DONE && !(session->keys = load_keys(how->keys)))
        code = EXIT_FAILED;
    if (code == EXIT_DONE &&
        journal_open(&session->journal, session->state, &session->groups, &session->read_only) != SELECTAI_OK)
        code = EXIT_FAILED;
    if (code == EXIT_DONE)
        find_cursor(session);
    else
        session_close(session);
    return code;
}

void session_close(struct session *session)
{
    suggestions_stop(&session->suggestions);
    journal_close(&session->journal);
    close_groups(&session->groups);
    free_choice(&session->choice);
    json_decref(session->keys);
    json_decref(session->moved_result);
    free(session->state);
    pthread_mutex_destroy(&session->lock);
    *session = (struct session){.state = NULL};
}

/* ---- Again ----------------------------------------------------------------------------------- */

static int exchange(struct session *session, struct review_groups *fresh)
{
    if (session->suggestions)
        return suggestions_reload(session->suggestions, &session->groups, fresh);
    struct review_groups before = session->groups;
    session->groups = *fresh;
    *fresh = before;
    return SELECTAI_OK;
}

int session_reload(struct session *session)
{
    struct review_groups fresh;
    char id[REVIEW_ID] = "";
    if (session->cursor < session->groups.n_groups)
        memcpy(id, session->groups.groups[session->cursor].id, sizeof id);
    int rc = open_groups(&fresh, session->groups.root, session->groups.project, &session->group, chosen(session));
    if (rc != SELECTAI_OK)
        return rc;
    rc = exchange(session, &fresh);
    if (rc == SELECTAI_OK && (rc = journal_regroup(&session->journal, &session->groups)) != SELECTAI_OK)
        exchange(session, &fresh); /* there was room for the old ones before */
    if (rc == SELECTAI_OK) {
        size_t cursor = find_group(&session->groups, id);
        session->cursor = cursor != NO_INDEX ? cursor : session->groups.n_groups > 0 ? next_undecided(session, 0) : 0;
        session->kept_cursor = NO_INDEX;
        session->epoch++;
    }
    close_groups(&fresh);
    return rc;
}
