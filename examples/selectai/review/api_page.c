/*
 * review/api_page.c: the files of the page, out of the program itself.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "http.h"
#include "page_files.h"

const struct page_file *find_page_file(const char *name)
{
    if (name[0] == '\0')
        name = "index.html";
    for (size_t i = 0; i < n_page_files; i++)
        if (strcmp(page_files[i].name, name) == 0)
            return &page_files[i];
    return NULL;
}

http_result get_page(struct request *request)
{
    const struct page_file *file = find_page_file(request->path);
    if (!file)
        return answer_empty(request, MHD_HTTP_NOT_FOUND);
    struct MHD_Response *response = MHD_create_response_from_buffer(file->n, (void *)(uintptr_t)file->bytes,
                                                                    MHD_RESPMEM_PERSISTENT);
    return answer(request, MHD_HTTP_OK, file->type, response, NULL);
}
