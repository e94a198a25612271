// SPDX-License-Identifier: BSD-3-Clause
// Compiled once per instruction set; see kernels.hpp and src/CMakeLists.txt. Nothing in an .inc.cpp
// may have a name that another translation unit could share: Eigen is renamed by the build, the
// rest is local.

#include "kernels/kernels.hpp"

#include "kernels/kernel_set.inc.hpp"

#define SICMIR_TEXT_(a) #a
#define SICMIR_TEXT(a) SICMIR_TEXT_(a)

namespace sicmir::kernels {

extern const TrainKernels SICMIR_JOIN(train_kernels_, SICMIR_KERNEL_SET);
extern const InferKernels SICMIR_JOIN(infer_kernels_, SICMIR_KERNEL_SET);

extern const Kernels SICMIR_JOIN(kernels_, SICMIR_KERNEL_SET);
const Kernels SICMIR_JOIN(kernels_, SICMIR_KERNEL_SET) = {
    .name = SICMIR_TEXT(SICMIR_KERNEL_SET),
    .train = &SICMIR_JOIN(train_kernels_, SICMIR_KERNEL_SET),
    .infer = &SICMIR_JOIN(infer_kernels_, SICMIR_KERNEL_SET)};

}  // namespace sicmir::kernels
