/*
 * nets.h: what tests of small networks through the table share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_NETS_H
#define SELECTAI_TORCH_NETS_H

#include <cstring>
#include <vector>

#include "table.h"

using Floats = std::vector<float>;
using Indices = std::vector<uint32_t>;

inline const sai_backend_v1 *table;
inline thread_local char err[SAI_BACKEND_ERR_SIZE];

#define EXPECT_OK(call)                                                                                                \
    do {                                                                                                               \
        err[0] = '\0';                                                                                                 \
        if ((call) != SAI_BACKEND_OK)                                                                                  \
            std::fprintf(stderr, "%s\n", err);                                                                         \
        EXPECT(err[0] == '\0');                                                                                        \
    } while (0)

/* The call is refused with this code, and the text says why. */
#define EXPECT_REFUSED(code, words, call)                                                                              \
    do {                                                                                                               \
        err[0] = '\0';                                                                                                 \
        EXPECT((call) == (code));                                                                                      \
        if (std::strstr(err, words) == nullptr)                                                                        \
            std::fprintf(stderr, "text: %s\n", err);                                                                   \
        EXPECT(std::strstr(err, words) != nullptr);                                                                    \
    } while (0)

inline sai_backend_net *make_net(const Indices &widths, float dropout, int output, uint64_t seed)
{
    sai_backend_net *net = nullptr;
    const sai_backend_net_spec spec = {
        sizeof spec, static_cast<uint32_t>(widths.size()), widths.data(), dropout, output, seed, nullptr};
    EXPECT_OK(table->net_create(&net, &spec, err, sizeof err));
    return net;
}

inline Floats get_parameters(sai_backend_net *net, const Indices &widths)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < widths.size(); i++)
        n += static_cast<size_t>(widths[i]) * widths[i + 1] + widths[i + 1];
    Floats out(n);
    EXPECT_OK(table->net_get_parameters(net, out.data(), n, err, sizeof err));
    return out;
}

inline bool same_bytes(const Floats &a, const Floats &b)
{
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), sizeof(float) * a.size()) == 0;
}

struct Watch {
    std::vector<sai_backend_epoch> epochs;
    uint32_t stop_after = UINT32_MAX;
};

inline int watch_epoch(const sai_backend_epoch *epoch, void *user)
{
    Watch *watch = static_cast<Watch *>(user);
    watch->epochs.push_back(*epoch);
    return epoch->epoch >= watch->stop_after;
}

inline sai_backend_train_options make_options(uint32_t epochs, uint32_t batch, float lr, Watch *watch)
{
    sai_backend_train_options options = {};
    options.struct_size = sizeof options;
    options.epochs = epochs;
    options.batch_size = batch;
    options.lr = lr;
    options.on_epoch = watch != nullptr ? watch_epoch : nullptr;
    options.user = watch;
    return options;
}

#endif
