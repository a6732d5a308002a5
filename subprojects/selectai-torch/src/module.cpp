/*
 * module.cpp: the table of selectai_backend.h and the module's one exported symbol.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <algorithm>
#include <memory>
#include <thread>

#include <ATen/Parallel.h>
#include <torch/version.h>

#include "guard.h"
#include "net.h"
#include "image_tower.h"
#include "train.h"

#if defined(__GNUC__)
#define SELECTAI_EXPORT __attribute__((visibility("default")))
#else
#define SELECTAI_EXPORT
#endif

struct sai_backend_net {
    selectai::Net net;
};

struct sai_backend_tower {
    std::unique_ptr<selectai::ImageTower> tower;
    uint64_t input, output; /* floats of one image */
};

namespace
{

using selectai::guarded;

int set_threads(uint32_t n, char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        SELECTAI_NEED(n <= 4096, "%u threads are too many", n);
        at::set_num_threads(n > 0 ? static_cast<int>(n)
                                  : std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
    });
}

/* Whether a device is there shows most surely when it is used. */
int has_device(const char *device)
{
    return guarded(nullptr, 0, [&] { selectai::make_tensor({1}, selectai::parse_device(device)).fill_(0); }) ==
           SAI_BACKEND_OK;
}

int net_create(sai_backend_net **out, const sai_backend_net_spec *spec, char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        SELECTAI_NEED(out != nullptr && spec != nullptr, "net_create: out or spec is NULL");
        *out = std::unique_ptr<sai_backend_net>(new sai_backend_net{selectai::Net(*spec, true)}).release();
    });
}

void net_destroy(sai_backend_net *net)
{
    guarded(nullptr, 0, [&] { delete net; });
}

void check_parameters(const sai_backend_net *net, const void *values, uint64_t n)
{
    SELECTAI_NEED(net != nullptr && values != nullptr, "parameters: net or buffer is NULL");
    SELECTAI_NEED(n == static_cast<uint64_t>(net->net.parameter_count()), "parameters: %llu given, the net has %lld",
                  static_cast<unsigned long long>(n), static_cast<long long>(net->net.parameter_count()));
}

int net_get_parameters(sai_backend_net *net, float *out, uint64_t n, char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        check_parameters(net, out, n);
        net->net.get_parameters(out);
    });
}

int net_set_parameters(sai_backend_net *net, const float *in, uint64_t n, char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        check_parameters(net, in, n);
        net->net.set_parameters(in);
    });
}

int net_train_pairs(sai_backend_net *net, const sai_backend_pairs *data, const sai_backend_train_options *options,
                    char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        SELECTAI_NEED(net != nullptr && data != nullptr && options != nullptr, "net_train_pairs: an argument is NULL");
        selectai::train_pairs(net->net, *data, *options);
    });
}

int net_train_rows(sai_backend_net *net, const sai_backend_rows *data, const sai_backend_train_options *options,
                   char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        SELECTAI_NEED(net != nullptr && data != nullptr && options != nullptr, "net_train_rows: an argument is NULL");
        selectai::train_rows(net->net, *data, *options);
    });
}

int net_train_task(sai_backend_net *net, const sai_backend_task *data, const sai_backend_train_options *options,
                   char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        SELECTAI_NEED(net != nullptr && data != nullptr && options != nullptr, "net_train_task: an argument is NULL");
        selectai::train_task(net->net, *data, *options);
    });
}

int net_predict(sai_backend_net *net, float *y, const float *x, uint64_t n, char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        SELECTAI_NEED(net != nullptr && (n == 0 || (y != nullptr && x != nullptr)), "net_predict: an argument is NULL");
        SELECTAI_NEED(n <= UINT32_MAX, "net_predict: more than %u rows", UINT32_MAX);
        net->net.predict_in_threads(y, x, static_cast<int64_t>(n));
    });
}

int tower_create(sai_backend_tower **out, const sai_backend_tower_spec *spec, char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        SELECTAI_NEED(out != nullptr && spec != nullptr, "tower_create: out or spec is NULL");
        std::unique_ptr<selectai::ImageTower> tower = selectai::make_tower(*spec);
        const uint64_t side = spec->image_size;
        *out = new sai_backend_tower{std::move(tower), 3 * side * side, spec->output};
    });
}

void tower_destroy(sai_backend_tower *tower)
{
    guarded(nullptr, 0, [&] { delete tower; });
}

void check_images(const sai_backend_tower *tower, const float *y, const float *x, uint64_t n)
{
    SELECTAI_NEED(tower != nullptr && (n == 0 || (y != nullptr && x != nullptr)), "tower_encode: an argument is NULL");
    SELECTAI_NEED(n <= UINT32_MAX, "tower_encode: more than %u images", UINT32_MAX);
}

int tower_encode(sai_backend_tower *tower, float *y, const float *x, uint64_t n, char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        check_images(tower, y, x, n);
        if (!tower->tower->is_sequential()) {
            tower->tower->encode(y, x, n);
            return;
        }
        selectai::for_ranges(static_cast<int64_t>(n), 1, [&](int64_t begin, int64_t end) {
            const uint64_t from = static_cast<uint64_t>(begin);
            tower->tower->encode(y + from * tower->output, x + from * tower->input, static_cast<uint64_t>(end - begin));
        });
    });
}

int tower_encode_share(sai_backend_tower *tower, float *y, const float *x, uint64_t n, char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        check_images(tower, y, x, n);
        tower->tower->encode(y, x, n);
    });
}

int tower_dtype(int32_t *out, const char *device, char *err, size_t err_size)
{
    return guarded(err, err_size, [&] {
        SELECTAI_NEED(out != nullptr, "tower_dtype: out is NULL");
        *out = selectai::preferred_dtype(device);
    });
}

const sai_backend_v1 table = {
    SAI_BACKEND_ABI_VERSION,
    sizeof(sai_backend_v1),
    "torch " TORCH_VERSION,
    set_threads,
    has_device,
    net_create,
    net_destroy,
    net_get_parameters,
    net_set_parameters,
    net_train_pairs,
    net_train_rows,
    net_predict,
    tower_create,
    tower_destroy,
    tower_encode,
    tower_encode_share,
    tower_dtype,
    net_train_task,
};

} // namespace

extern "C" SELECTAI_EXPORT const sai_backend_v1 *selectai_backend_entry_v1(void);

const sai_backend_v1 *selectai_backend_entry_v1(void)
{
    return &table;
}
