/*
 * table.h: loads the module as libselectai does.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_TABLE_H
#define SELECTAI_TORCH_TABLE_H

#include <dlfcn.h>

#include "check.h"
#include "selectai_backend.h"

inline const sai_backend_v1 *load_table(int argc, char **argv)
{
    EXPECT(argc == 2);
    void *handle = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == nullptr)
        std::fprintf(stderr, "%s\n", dlerror());
    EXPECT(handle != nullptr);
    void *symbol = dlsym(handle, SAI_BACKEND_ENTRY_SYMBOL);
    EXPECT(symbol != nullptr);
    const sai_backend_v1 *table = reinterpret_cast<sai_backend_entry_v1_fn>(symbol)();
    EXPECT(table != nullptr && table->abi_version == SAI_BACKEND_ABI_VERSION && table->struct_size == sizeof *table);
    return table;
}

#endif
