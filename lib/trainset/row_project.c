/*
 * trainset/row_project.c: whose a row is.
 *
 * All files have been read when this begins, so that rows that name a project help those that only have paths. First
 * every name becomes the project's own name, by the caller's list alone: two rows that name "A" and "a" mean two
 * projects unless that list says otherwise. Then rows without a name go by their paths.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/iso_time.h"
#include "project/known.h"
#include "project/name.h"
#include "project/name_index.h"
#include "trainset/load.h"

struct finder {
    struct sai_loader *loader;
    struct sai_arena *lasting;     /* names of projects: they outlive this */
    selectai_projects *projects;   /* the caller's, and what rows name */
    const char *otherwise;         /* for rows that tell no project: "" or a name */
    struct sai_name_index spelled; /* name as written -> number */
    struct sai_name_index own;     /* the project's own name -> number */
    const char **names;            /* by number */
    size_t n_names, names_capacity;
    struct sai_name_index folders; /* project and its folders, as rows have told them */
    struct sai_text path;          /* the last one whose mark was replaced */
};

/* One copy of each name. */
static int number_of(uint32_t *out, struct finder *f, const char *name)
{
    size_t n = strlen(name);
    uint32_t item = sai_name_index_find(&f->own, name, n);
    if (item != SAI_INDEX_END) {
        *out = f->own.items[item].value;
        return SELECTAI_OK;
    }
    if (!SAI_GROW(f->names, f->names_capacity, f->n_names + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    const char *copy = sai_arena_strndup(f->lasting, name, n);
    if (!copy)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *out = (uint32_t)f->n_names;
    f->names[f->n_names++] = copy;
    return sai_name_index_add(&f->own, copy, n, *out);
}

/* ---- Names ----------------------------------------------------------------------------------- */

static int note_spelling(struct finder *f, const char *written, uint32_t number)
{
    size_t n = strlen(written);
    const char *copy = sai_arena_strndup(f->lasting, written, n); /* the row may be gone before the finder */
    return copy ? sai_name_index_add(&f->spelled, copy, n, number) : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* The project that a name means: found in the caller's list, or the name itself. */
static int name_project(const char **out, struct finder *f, const char *written)
{
    const selectai_projects *known = f->loader->options.projects;
    uint32_t number = 0, item = sai_name_index_find(&f->spelled, written, strlen(written));
    const char *name = written;
    if (item != SAI_INDEX_END) {
        *out = f->names[f->spelled.items[item].value];
        return SELECTAI_OK;
    }
    int rc = known ? selectai_projects_find(&name, known, written) : SELECTAI_ERR_NOT_FOUND;
    if (rc == SELECTAI_ERR_NOT_FOUND) {
        name = written;
        rc = selectai_projects_add(f->projects, name, NULL, NULL);
        if (rc != SELECTAI_ERR_OUT_OF_MEMORY)
            rc = SELECTAI_OK; /* no folder can be called like that: then it does not help other rows */
    }
    if (rc == SELECTAI_OK)
        rc = number_of(&number, f, name);
    if (rc == SELECTAI_OK)
        rc = note_spelling(f, written, number);
    if (rc == SELECTAI_OK)
        *out = f->names[number];
    return rc;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static bool is_marked(const char *path)
{
    size_t n = strlen(SAI_ROOT_MARK);
    return strncmp(path, SAI_ROOT_MARK, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* The path with the root in place of its mark, in f->path; NULL if memory ran out. */
static const char *with_root(struct finder *f, const char *path)
{
    sai_text_clear(&f->path);
    sai_text_puts(&f->path, f->loader->options.root);
    sai_text_puts(&f->path, path + strlen(SAI_ROOT_MARK));
    return f->path.failed ? NULL : f->path.data;
}

static bool is_known(const struct finder *f, const char *name)
{
    const char *found;
    return selectai_projects_find(&found, f->projects, name) == SELECTAI_OK;
}

/*
 * *number: of the project a path belongs to. A marked path is tried as it stands and below the root; a project that is
 * known goes before one that only a convention tells.
 */
static int path_project(uint32_t *number, struct finder *f, const char *path, int64_t when)
{
    const char *name = NULL, *rooted = NULL;
    int rc = selectai_projects_resolve(&name, f->projects, path, when);
    if (rc == SELECTAI_OK)
        rc = number_of(number, f, name); /* the name may last until the next call only */
    bool settled = rc == SELECTAI_OK && is_known(f, f->names[*number]);
    if (settled || !f->loader->options.root || !is_marked(path) ||
        (rc != SELECTAI_OK && rc != SELECTAI_ERR_NOT_FOUND && rc != SELECTAI_ERR_AMBIGUOUS))
        return rc;
    struct sai_error_copy first;
    sai_error_save(&first);
    rooted = with_root(f, path);
    if (!rooted)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int second = selectai_projects_resolve(&name, f->projects, rooted, when);
    if (second == SELECTAI_OK && is_known(f, name))
        return number_of(number, f, name);
    if (rc != SELECTAI_OK)
        sai_error_restore(&first);
    return rc;
}

/* When it was decided. A log's plain time of an image whose name tells none may be that, or the image's: better than
 * nothing. */
static int64_t time_of(const struct finder *f, const struct selectai_entry *e)
{
    struct selectai_parsed_name name;
    int64_t when;
    const char *text = e->decided_at;
    if (!*text && sai_parse_name(&name, e->chosen_path) != NULL)
        text = e->timestamp;
    if (!f->loader->options.by_dates || !*text || !sai_time_parse(&when, text))
        return INT64_MIN;
    return when;
}

static int refuse_mixture(const struct finder *f, const struct selectai_entry *e, const char *first, uint32_t a,
                          const char *other, uint32_t b)
{
    return SAI_FAIL(SELECTAI_ERR_PROJECT_RULE,
                    "%s:%llu: %s belongs to project %s, %s to %s: a decision must stay in one project", e->source_path,
                    (unsigned long long)e->source_row, first, f->names[a], other, f->names[b]);
}

/* *number: SAI_INDEX_END if no path of the row tells a project; then the error is NOT_FOUND or AMBIGUOUS. */
static int paths_project(uint32_t *number, struct finder *f, const struct selectai_entry *e)
{
    struct sai_error_copy reason = {0};
    const char *teller = NULL;
    int failed = SELECTAI_OK;
    int64_t when = time_of(f, e);
    *number = SAI_INDEX_END;
    for (size_t i = 0; i <= e->n_negatives; i++) {
        const char *path = i ? e->neg_paths[i - 1] : e->chosen_path;
        uint32_t found = 0;
        int rc = path_project(&found, f, path, when);
        if (rc == SELECTAI_ERR_NOT_FOUND || rc == SELECTAI_ERR_AMBIGUOUS) {
            if (failed == SELECTAI_OK || rc == SELECTAI_ERR_AMBIGUOUS) {
                failed = rc;
                sai_error_save(&reason);
            }
            continue;
        }
        if (rc != SELECTAI_OK)
            return rc;
        if (teller && found != *number)
            return refuse_mixture(f, e, teller, *number, path, found);
        *number = found;
        teller = path;
    }
    if (teller)
        return SELECTAI_OK;
    sai_error_restore(&reason);
    return failed;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/*
 * A row that names its project must not hold images of another one: one that is known, or one that stands behind the
 * mark of old logs while other images of the row lie in its own. A folder of any relative path may be called anything:
 * that is no project of its own. Rows of an extraction are left to project_rule.c, which knows their folders.
 */
struct strangers {
    const char *known, *marked; /* the first path of a known other project; of one behind the mark */
    uint32_t known_number, marked_number;
    bool any_own;
};

static int look_at_path(struct strangers *strangers, struct finder *f, const char *path, uint32_t own, int64_t when)
{
    uint32_t found = own;
    int rc = path_project(&found, f, path, when);
    if (rc == SELECTAI_ERR_NOT_FOUND || rc == SELECTAI_ERR_AMBIGUOUS)
        return SELECTAI_OK;
    if (rc != SELECTAI_OK)
        return rc;
    if (found == own) {
        strangers->any_own = true;
    } else if (!strangers->known && is_known(f, f->names[found])) {
        strangers->known = path;
        strangers->known_number = found;
    } else if (!strangers->marked && is_marked(path)) {
        strangers->marked = path;
        strangers->marked_number = found;
    }
    return SELECTAI_OK;
}

static int check_named(struct finder *f, const struct selectai_entry *e)
{
    struct strangers strangers = {0};
    uint32_t own = 0;
    int64_t when = time_of(f, e);
    int rc = number_of(&own, f, e->project);
    for (size_t i = 0; rc == SELECTAI_OK && i <= e->n_negatives; i++)
        rc = look_at_path(&strangers, f, i ? e->neg_paths[i - 1] : e->chosen_path, own, when);
    if (rc != SELECTAI_OK || !(strangers.known || (strangers.marked && strangers.any_own)))
        return rc;
    return SAI_FAIL(SELECTAI_ERR_PROJECT_RULE,
                    "%s:%llu: %s belongs to project %s, the row to %s: a decision must stay in one project",
                    e->source_path, (unsigned long long)e->source_row,
                    strangers.known ? strangers.known : strangers.marked,
                    f->names[strangers.known ? strangers.known_number : strangers.marked_number], e->project);
}

static int refuse_unknown(const struct selectai_entry *e, int code)
{
    struct sai_error_copy why;
    sai_error_save(&why);
    return SAI_FAIL(code,
                    "%s:%llu: its project is not known (%s): name projects with --config or --manifest, an old name "
                    "with --project-alias, or the project of all such rows with --project",
                    e->source_path, (unsigned long long)e->source_row, why.detail.message);
}

static int find_by_paths(struct finder *f, struct selectai_entry *e)
{
    uint32_t number;
    int rc = paths_project(&number, f, e);
    if (rc == SELECTAI_OK)
        e->project = f->names[number];
    if (rc != SELECTAI_ERR_NOT_FOUND && rc != SELECTAI_ERR_AMBIGUOUS)
        return rc;
    e->project = f->otherwise;
    if (*e->project || e->n_negatives == 0) /* a crop alone is of use whosever it is */
        return SELECTAI_OK;
    return refuse_unknown(e, rc);
}

/* Stays as it is without a root. */
static int put_root(const char **path, struct finder *f)
{
    if (!f->loader->options.root || !is_marked(*path))
        return SELECTAI_OK;
    const char *rooted = with_root(f, *path);
    *path = rooted ? sai_arena_strdup(&f->loader->set->arena, rooted) : NULL;
    return *path ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int put_roots(struct selectai_entry *e, struct finder *f)
{
    bool any = false;
    int rc = put_root(&e->chosen_path, f);
    if (rc == SELECTAI_OK)
        rc = put_root(&e->chosen_final_path, f);
    for (size_t i = 0; i < e->n_negatives; i++)
        any = any || is_marked(e->neg_paths[i]);
    if (rc != SELECTAI_OK || !any || !f->loader->options.root)
        return rc;
    const char **paths = sai_arena_array(&f->loader->set->arena, e->n_negatives, sizeof *paths);
    if (!paths)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < e->n_negatives; i++) {
        paths[i] = e->neg_paths[i];
        rc = put_root(&paths[i], f);
    }
    e->neg_paths = paths;
    return rc;
}

/* Other logs may name images below these folders. Each is told once. */
static int learn_folders(struct finder *f, const struct selectai_entry *e)
{
    char *key = sai_asprintf("%s\x01%s\x01%s", e->project, e->raw_dir, e->final_dir);
    size_t n = key ? strlen(key) : 0;
    int rc = key ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (key && sai_name_index_find(&f->folders, key, n) == SAI_INDEX_END) {
        const char *copy = sai_arena_strndup(f->lasting, key, n);
        rc = copy ? sai_name_index_add(&f->folders, copy, n, 0) : SELECTAI_ERR_OUT_OF_MEMORY;
        if (rc == SELECTAI_OK)
            rc = selectai_projects_add(f->projects, e->project, e->raw_dir, *e->final_dir ? e->final_dir : NULL);
        if (rc != SELECTAI_ERR_OUT_OF_MEMORY)
            rc = SELECTAI_OK; /* what is odd about them is project_rule.c's to say */
    }
    sai_free(key);
    return rc;
}

static int name_row(struct finder *f, struct selectai_entry *e)
{
    int rc = *e->project ? name_project(&e->project, f, e->project) : SELECTAI_OK;
    if (rc == SELECTAI_OK && *e->project && *e->raw_dir)
        rc = learn_folders(f, e);
    return rc == SELECTAI_ERR_AMBIGUOUS ? refuse_unknown(e, rc) : rc;
}

static int find_row(struct finder *f, struct selectai_entry *e)
{
    return *e->project ? SELECTAI_OK : find_by_paths(f, e);
}

static int check_row(struct finder *f, struct selectai_entry *e)
{
    return *e->project && !*e->raw_dir ? check_named(f, e) : SELECTAI_OK;
}

static int root_row(struct finder *f, struct selectai_entry *e)
{
    return put_roots(e, f);
}

const char *sai_project_kind(int code)
{
    return code == SELECTAI_ERR_PROJECT_RULE ? "project-rule" : "unknown-project";
}

/* Keeps the entries that pass, in their order. */
static int each_row(struct finder *f, int (*step)(struct finder *f, struct selectai_entry *e))
{
    struct sai_loader *loader = f->loader;
    selectai_trainset *set = loader->set;
    size_t kept = 0;
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < set->count; i++) {
        rc = step(f, &set->items[i]);
        if (rc == SELECTAI_OK) {
            loader->origins[kept] = loader->origins[i];
            set->items[kept++] = set->items[i];
        } else {
            rc = sai_loader_row_done(loader, rc, sai_project_kind(rc), loader->origins[i]);
        }
    }
    if (rc == SELECTAI_OK)
        set->count = loader->n_origins = kept;
    return rc;
}

/* ---- Rows on their own ----------------------------------------------------------------------- */

struct sai_finder {
    struct finder state;
};

static void close_finder(struct finder *f)
{
    sai_name_index_free(&f->spelled);
    sai_name_index_free(&f->own);
    sai_name_index_free(&f->folders);
    sai_free(f->names);
    sai_text_free(&f->path);
    selectai_projects_destroy(&f->projects);
}

/* Close it in any case. */
static int open_finder(struct finder *f, struct sai_loader *loader, struct sai_arena *lasting)
{
    const char *given = loader->options.project;
    *f = (struct finder){.loader = loader, .lasting = lasting, .otherwise = ""};
    int rc = loader->options.projects ? sai_projects_copy(&f->projects, loader->options.projects)
                                      : selectai_projects_create(&f->projects);
    return rc == SELECTAI_OK && given ? name_project(&f->otherwise, f, given) : rc;
}

int sai_finder_create(struct sai_finder **out, struct sai_loader *loader, struct sai_arena *lasting)
{
    struct sai_finder *finder = sai_calloc(1, sizeof *finder);
    if (!finder)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = open_finder(&finder->state, loader, lasting);
    if (rc != SELECTAI_OK)
        goto fail;
    *out = finder;
    return SELECTAI_OK;
fail:
    sai_finder_destroy(&finder);
    return rc;
}

void sai_finder_destroy(struct sai_finder **finder)
{
    if (!*finder)
        return;
    close_finder(&(*finder)->state);
    sai_free(*finder);
    *finder = NULL;
}

int sai_finder_name(struct sai_finder *finder, struct selectai_entry *entry)
{
    return name_row(&finder->state, entry);
}

int sai_finder_find(struct sai_finder *finder, struct selectai_entry *entry)
{
    return find_row(&finder->state, entry);
}

int sai_finder_check(struct sai_finder *finder, struct selectai_entry *entry)
{
    int rc = check_row(&finder->state, entry);
    return rc == SELECTAI_OK ? root_row(&finder->state, entry) : rc;
}

int sai_loader_find_projects(struct sai_loader *loader)
{
    struct finder f;
    int rc = open_finder(&f, loader, &loader->set->arena);
    if (rc == SELECTAI_OK)
        rc = each_row(&f, name_row);
    if (rc == SELECTAI_OK)
        rc = each_row(&f, find_row);
    if (rc == SELECTAI_OK)
        rc = sai_loader_check_projects(loader);
    if (rc == SELECTAI_OK)
        rc = each_row(&f, check_row);
    if (rc == SELECTAI_OK)
        rc = each_row(&f, root_row); /* last: a path tells more as it was written */
    close_finder(&f);
    return rc;
}
