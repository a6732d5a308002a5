/*
 * test_project_known_alloc_failure.c: a list of known projects when memory runs out, at every allocation.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include "alloc_fail.h"
#include "project/known.h"

static char config[512], manifest[512];

/* Fills a list and copies it; what stands in the list so far is handed back whatever happens. */
static int fill(selectai_projects **out)
{
    selectai_projects *copy = NULL;
    int rc = selectai_projects_create(out);
    if (rc == SELECTAI_OK)
        rc = selectai_projects_add_config(*out, config);
    if (rc == SELECTAI_OK)
        rc = selectai_projects_add_manifests(*out, manifest);
    if (rc == SELECTAI_OK)
        rc = selectai_projects_add_alias(*out, "old", "new");
    if (rc == SELECTAI_OK)
        rc = sai_projects_copy(&copy, *out);
    selectai_projects_destroy(&copy);
    return rc;
}

/* A list that ran out of memory half-way can still be asked and filled. */
static void use(selectai_projects *projects)
{
    const char *name;
    for (size_t i = 0; i < selectai_projects_count(projects); i++) {
        struct selectai_known_project known = {.struct_size = sizeof known};
        assert_int_equal(selectai_projects_get(projects, i, &known), SELECTAI_OK);
        assert_int_equal(selectai_projects_add(projects, known.name, "/more", NULL), SELECTAI_OK);
        assert_int_equal(selectai_projects_find(&name, projects, known.name), SELECTAI_OK);
        assert_int_equal(selectai_projects_resolve(&name, projects, "x.png", INT64_MIN), SELECTAI_ERR_NOT_FOUND);
    }
}

static void every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    unsigned long nth = 1, failed;
    do {
        selectai_projects *projects = NULL;
        arm_alloc_fail(nth++);
        int rc = fill(&projects);
        failed = disarm_alloc_fail();
        assert_int_equal(rc, failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK);
        use(projects);
        selectai_projects_destroy(&projects);
    } while (failed);
    assert_true(nth > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_failed_allocation_is_an_error)};
    char folder[256];
    make_temporary(folder);
    snprintf(config, sizeof config, "%s/c.json", folder);
    snprintf(manifest, sizeof manifest, "%s/m.json", folder);
    write_text(config,
               "{\"projects\":[{\"name\":\"a\",\"raw_dir\":\"/a/raw\",\"final_dir\":\"a/final\"},{\"name\":\"b\"}]}");
    write_text(manifest,
               "{\"projectId\":\"m\",\"title\":\"M\",\"startedAt\":\"soon\",\"paths\":{\"root\":\"../../m\"}}");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_temporary(folder);
    return failed;
}
