/*
 * validate/problems.c: every code, what it means and what to do.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "validate/validate.h"

#define NOTE    SELECTAI_SEVERITY_NOTE
#define WARNING SELECTAI_SEVERITY_WARNING
#define ERROR   SELECTAI_SEVERITY_ERROR

static const struct sai_problem_kind kinds[] = {
    /* Rows of logs and other line-by-line files. */
    {"bad-value", ERROR, "a value is not what its column or member holds",
     "correct the value, or let --fix leave the row out"},
    {"column-count", ERROR, "the row has more or fewer fields than the header",
     "look for a comma or quote that is missing or too many, or let --fix leave the row out"},
    {"bad-csv", ERROR, "the row is no CSV: a quote that never closes, a NUL byte, an endless row",
     "correct the row, or let --fix leave it out"},
    {"bad-json", ERROR, "the line or file is no JSON", "correct it, or let --fix leave the line out"},
    {"bad-list", ERROR, "a list of paths or stages is neither JSON nor Python's notation",
     "write it as [\"a.png\", \"b.png\"], or let --fix leave the row out"},
    {"wrong-type", ERROR, "a member is of another type than it must be", "correct the value"},
    {"missing-field", ERROR, "a value that is needed is missing or empty",
     "fill it in, or let --fix leave the row out"},
    {"not-utf8", ERROR, "a text is not UTF-8", "save the file as UTF-8"},
    {"no-crop", ERROR, "one image and no crop: nothing can be learned from it", "let --fix leave the row out"},
    {"index-mismatch", ERROR, "image_count, chosen_index and the images' columns contradict each other",
     "nobody can tell which image won: let --fix leave the row out"},
    {"winner-among-losers", ERROR, "the chosen image is also among the losers", "let --fix leave the row out"},
    {"duplicate-loser", ERROR, "an image is twice among the losers, or in a rejected group",
     "let --fix leave the row out"},
    {"box-not-a-number", ERROR, "an edge of the crop is no number", "correct it, or let --fix leave the row out"},
    {"box-inverted", ERROR, "the crop's right or lower edge lies before the other one", "let --fix leave the row out"},
    {"box-empty", ERROR, "the crop has no area", "let --fix leave the row out"},
    {"box-outside", ERROR, "the crop reaches beyond the image", "let --fix leave the row out"},
    {"box-placeholder", WARNING, "the crop is (0,0,1,1), which was written where nobody had drawn one: it is none",
     "recover the crop from the pixels: extract --crop-evidence pixels"},
    {"missing-dimension", WARNING, "the size of the image is not known",
     "without it a crop in pixels cannot be placed: extract again, or recover the crop from the pixels"},
    {"aspect-changed", WARNING, "the crop's ratio of width to height is more than 1 % off the image's",
     "look at the image: the crop may have been logged against another size"},
    {"mixed-projects", ERROR, "images of several projects in one decision",
     "let --fix leave the row out: a decision must stay in one project"},
    {"unknown-project", ERROR, "nothing tells which project it belongs to",
     "name the projects with --config or --manifest, an old name with --project-alias, or all such rows' with "
     "--project"},
    {"duplicate-decision", WARNING, "the same decision again", "merge keeps each once"},
    {"contradicting-decisions", WARNING, "a decision that another row contradicts",
     "merge leaves both out, or keeps one with --on-conflict"},
    {"repeated", WARNING, "the same rejected group again", "it counts once"},
    {"decided", WARNING, "a rejected group of which an image was chosen in another row",
     "the decision counts, the group does not"},
    {"duplicate-row", WARNING, "the same file again", "keep one of the rows"},
    {"unparsed-name", WARNING, "a file is not called YYYYMMDD_HHMMSS_stageN[_label].ext: its stage is not known",
     "rename it, or leave it: groups and anomalies need the stage"},
    {"bad-time", WARNING, "a time that is none", "write it as 2025-10-05T03:25:40Z"},
    {"time-in-future", WARNING, "a time in the future", "check the clock of the machine that wrote it"},
    {"stage-mismatch", WARNING, "a stage differs from the one in the file's name", "the file's name is believed"},
    {"missing-image", WARNING, "an image is not there, though others of the file are",
     "restore it, or name its folder with --images"},
    {"images-not-here", NOTE, "none of the images is on this machine: they were not looked at", ""},
    {"box-pixels", NOTE, "crops in pixels", ""},
    {"box-normalised", NOTE, "crops in fractions of the image", ""},
    {"mixed-units", NOTE, "crops in pixels and in fractions stand side by side: each is read by its own row's size",
     ""},
    {"full-frame", NOTE, "crops that keep 99 % or more of the image: hardly anything was cut off", ""},
    {"no-rows", WARNING, "it holds no row", "check that the right file was given"},
    /* Documents. */
    {"folder-missing", WARNING, "a folder is not there", "correct the path, or restore the folder"},
    {"folders-not-here", NOTE, "none of the folders is on this machine", ""},
    {"duplicate-project", ERROR, "a project stands there twice", "give each project once"},
    {"date-order", WARNING, "the end lies before the start", "correct the dates: until then they are not known"},
    {"no-project", ERROR, "it names no project", "give each a name, raw_dir and final_dir"},
    /* Vectors. */
    {"index-without-vector", ERROR, "the index names vectors that are not there", "embed again, or restore them"},
    {"vector-without-index", WARNING, "vectors that no line of an index names: they are not used",
     "embed again; the file may be deleted if no run is at work"},
    {"missing-vector", ERROR, "a vector's file is missing", "embed again, or restore it"},
    {"orphan-vector", WARNING, "a vector's file that the index does not name", "delete it, or embed again"},
    {"bad-npy", ERROR, "a file is no NumPy array of one vector", "embed again"},
    {"wrong-dimension", ERROR, "vectors of another length than the cache's",
     "they are of another encoder: embed again into a cache of its own"},
    {"not-finite", ERROR, "numbers that are none (NaN or infinite)", "embed or train again"},
    {"wrong-vector", ERROR, "a vector that differs from what was written", "check the disk, and embed again"},
    {"torn-part", ERROR, "a part of the cache is damaged", "restore it, or delete it and embed again"},
    {"missing-part", WARNING, "a part of the cache is gone", "restore it, or embed again"},
    {"wrong-manifest", WARNING, "the manifest says something else than its encoder's id", "restore it"},
    {"wrong-index", WARNING, "an index file that does not fit its part", "delete it; it is made anew"},
    {"bad-failure", NOTE, "a remembered failure that cannot be read", "nothing: at worst an image is decoded again"},
    {"repeated-vector", WARNING, "the same file was embedded twice by one run", "nothing is lost but space"},
    {"more-problems", WARNING, "a part has so many problems that the rest of it was not looked at", "embed again"},
    {"encoder-mismatch", ERROR, "it is of another encoder than the others, or than was asked for",
     "vectors of different encoders cannot be compared: embed or train again with one encoder"},
    /* Models. */
    {"model-without-metadata", ERROR, "a model that does not say what it is",
     "train it again, or copy it again; one that something else trained: selectai import-model"},
    {"unknown-architecture", ERROR, "a model of a form that this library does not know",
     "use the library that wrote it, or train again"},
    {"wrong-shape", ERROR, "tensors are missing or not of the shape that the architecture says",
     "copy it again, or train again"},
    {"damaged", ERROR, "the file is damaged", "restore it, or make it again"},
    {"old-model", NOTE, "a model that something else trained",
     "selectai import-model lets it say which encoder it needs"},
    {"other-weights", NOTE, "weights of something else than a ranker or cropper", ""},
    /* Images. */
    {"unreadable-image", ERROR, "an image whose header is damaged, cut off, or of no known kind", "restore it"},
    {"empty-image", ERROR, "an image file without content", "restore it"},
    {"undecodable-image", ERROR, "an image whose pixels cannot be decoded", "restore it"},
    {"unsupported-image", WARNING, "an image that this build cannot decode", "convert it to PNG or JPEG"},
    {"hidden-image", NOTE, "images that begin with a dot are passed over", ""},
    {"linked-image", NOTE, "symbolic links to images are not followed", ""},
    /* Anything. */
    {"unreadable", ERROR, "it cannot be read", "see the message"},
    {"unknown-kind", ERROR, "none of the kinds that selectai knows", "see the message"},
};

const struct sai_problem_kind *sai_problem_kind(const char *code)
{
    if (strcmp(code, "project-rule") == 0) /* what loading calls it */
        code = "mixed-projects";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].code, code) == 0)
            return &kinds[i];
    return &kinds[0];
}
