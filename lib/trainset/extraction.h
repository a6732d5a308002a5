/*
 * trainset/extraction.h: the steps from two folders to decisions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_EXTRACTION_H
#define SAI_TRAINSET_EXTRACTION_H

#include <sys/types.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/time.h"
#include "project/files.h"
#include "trainset/crop_journal.h"
#include "trainset/entry.h"

/* What is counted in a project; report.c knows the names. */
struct sai_extract_counts {
    uint64_t raw_images, final_images;
    uint64_t unparsed;     /* in RAW */
    uint64_t single_stage; /* runs of one file: nothing to choose from */
    uint64_t passed_over;  /* files between those of a run */
    uint64_t groups, groups_with_winner, groups_rejected;
    uint64_t groups_undecided;     /* no winner, but an ambiguous final may have come from it */
    uint64_t groups_without_loser; /* everything was chosen */
    uint64_t multi_winner_groups;
    uint64_t entries, anomalies, cropped;
    uint64_t orphan_finals, ambiguous, duplicate_finals;
    uint64_t case_differs;            /* finals found in RAW only without regard to the case of letters */
    uint64_t files_of_other_projects; /* by_dates: left to the project in whose time they were modified */
    uint64_t files_unattributed;      /* by_dates: in a shared folder, but in nobody's time */
    uint64_t companions;              /* of RAW; counted only for the image database */
    uint64_t crops_by_evidence[4];    /* cropped winners by SELECTAI_CROP_EVIDENCE_* */
    uint64_t crop_boxes;              /* of these, with a proved box */
    uint64_t crops_by_method[4];      /* winners whose pixels were compared, by SELECTAI_CROP_* */
    uint64_t time_right;              /* winners that pixels decided, and what the rule of 5 seconds says of them */
    uint64_t time_wrong_cropped;      /* the rule: cropped; the pixels: not */
    uint64_t time_wrong_whole;        /* the rule: not; the pixels: cropped */
};

/* A folder by device and inode: names may lie (links, mounts). */
struct sai_place_id {
    dev_t device;
    ino_t inode;
};

static inline bool sai_same_place(const struct sai_place_id *a, const struct sai_place_id *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* The folder and, after it, those above it up to the root. */
struct sai_place {
    char *path;
    struct sai_place_id *ids;
    size_t n_ids, ids_capacity;
};

enum { SAI_RAW, SAI_FINAL };

/* What the project's manifest says, and how the finals' times agree with it. Texts lie in the arena of the entries. */
struct sai_manifest {
    bool present;
    const char *name; /* the project's among the known ones; NULL: it is none of them */
    size_t index;     /* its number there */
    const char *path;
    int64_t initial_images, final_images; /* -1: not known */
    int64_t started, finished;            /* INT64_MIN, INT64_MAX: not known */
    uint64_t finals_before, finals_after; /* modified outside of these */
};

/* Where a known project has its RAW or FINAL: as it was extracted, else as the config says. */
struct sai_known_place {
    bool told, there; /* not there: nobody else's folder is it */
    struct sai_place_id id;
};

struct sai_extracted_project {
    char *name;
    struct sai_place folders[2]; /* RAW, FINAL */
    struct sai_manifest manifest;
    struct sai_extract_counts counts;
    size_t issues_begin, issues_end; /* in extraction->issues */
};

struct selectai_extraction {
    struct selectai_group_options group;
    int32_t crop_check;
    uint32_t threads;
    char *date;
    struct sai_progress progress;
    const selectai_projects *known; /* NULL: none */
    bool by_dates;
    struct sai_known_place (*known_places)[2]; /* by_dates: one pair per known project, looked at once */
    size_t n_known_places;
    bool wants_images, images_open;   /* wanted and not open: it was put in place */
    struct sai_atomic_file images;    /* the image database */
    struct sai_crop_journal *journal; /* NULL: none */
    uint64_t n_recalled;              /* crops that were taken from it */

    selectai_trainset *entries; /* and the rejected groups */
    struct sai_extracted_project *projects;
    size_t n_projects, projects_capacity;
    selectai_issues *issues;
};

/* What is known of one file in RAW. */
struct sai_fate {
    uint32_t final_plus_1; /* index + 1 in FINAL, 0: not chosen */
    uint8_t evidence;      /* SELECTAI_EVIDENCE_* if chosen */
    uint8_t maybe;         /* an ambiguous final may have come from it: it is nobody's loser */
    uint8_t judged;        /* it is the winner of an entry: was_cropped is the entry's */
    int8_t was_cropped;
};

/* One decision on its way to an entry. */
struct sai_winner {
    uint32_t raw, final, group;
    struct sai_crop crop;
    bool newer;    /* the final, by more than 5 seconds */
    bool recalled; /* from the journal */
    char *problem; /* why its images could not be compared; NULL: they could */
    const char *problem_kind;
    bool problem_in_raw; /* it is the file in RAW that is concerned, else the one in FINAL */
    int problem_code;
};

/* One project while it is worked on. */
struct sai_project_work {
    const char *name, *raw_dir, *final_dir;
    struct sai_place folders[2]; /* of raw_dir and final_dir */
    struct sai_manifest manifest;
    struct selectai_extraction *extraction;
    struct sai_files raw, final;
    uint32_t *members, *starts; /* groups of raw */
    size_t n_groups;
    struct sai_fate *fates; /* one per file in raw */
    struct sai_winner *winners;
    size_t n_winners, winners_capacity;
    uint64_t n_recalled; /* of them, from the journal */
    selectai_issues *issues;
    struct sai_extract_counts counts;
};

/* Fills a zeroed *folder; free it whatever is returned. NOT_FOUND and so on if it is none that can be read. */
int sai_place_learn(struct sai_place *folder, const char *path);
void sai_place_free(struct sai_place *folder);

/* Neither may be the other or lie inside it. */
int sai_check_folders(const struct sai_place *raw, const struct sai_place *final);

/* No folder of the project may be one of the other, lie inside it or contain it; but see options.by_dates. */
int sai_check_other_project(const struct sai_project_work *work, const struct sai_extracted_project *other);

/* The second in which a file was modified. */
static inline int64_t sai_whole_seconds(int64_t mtime_ns)
{
    return mtime_ns / SAI_NANOSECONDS - (mtime_ns % SAI_NANOSECONDS < 0);
}

/* Finds the project's manifest among the known projects. */
int sai_manifest_learn(struct sai_project_work *work);
/* The manifest tells the project's time, or one end of it. */
bool sai_manifest_has_time(const struct sai_manifest *manifest);
/* Counts a final's time against the manifest's. */
void sai_manifest_see_final(struct sai_manifest *manifest, int64_t mtime_ns);
/* Compares the manifest with what was found; differences become issues. */
int sai_manifest_check(struct sai_project_work *work);

/* Reads the list of files of SAI_RAW or SAI_FINAL: all that belong to the project. */
int sai_scan_folder(struct sai_project_work *work, int which, uint64_t *done);

/* The image database: opening the file, writing a project's rows, and taking back what follows a mark. */
int sai_images_open(struct selectai_extraction *extraction, const char *path);
int sai_images_mark(off_t *mark, struct selectai_extraction *extraction);
int sai_images_write(struct sai_project_work *work);
void sai_images_roll_back(struct selectai_extraction *extraction, off_t mark);

/* Whether both have the same bytes. A file that cannot be read is like no other. */
bool sai_same_content(const char *path_a, const char *path_b);

/* Finds the source in RAW of each file in FINAL. */
int sai_match_finals(struct sai_project_work *work);

/* Makes the list of winners, and notes the groups of which nothing was chosen. */
int sai_judge_groups(struct sai_project_work *work);

/* Makes entries of the winners, after sai_check_crops(). */
int sai_add_entries(struct sai_project_work *work);

/* Fills was_cropped and so on of every winner. */
int sai_check_crops(struct sai_project_work *work);

/* The group's stable name and the members' full paths, in the arena of the entries. */
const char *sai_group_id(const struct sai_project_work *work, size_t group);
const char *sai_raw_path(const struct sai_project_work *work, uint32_t raw);
/* "YYYYMMDD_HHMMSS" of a file that parses. */
const char *sai_raw_timestamp(const struct sai_project_work *work, uint32_t raw);

/* Notes a group of which nothing was chosen. */
int sai_reject_group(const struct sai_project_work *work, size_t group);

#endif
