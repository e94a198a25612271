// Compiled once per instruction set; see kernels.hpp and src/CMakeLists.txt. Nothing here may have
// a name that another translation unit could share: Eigen is renamed by the build, the rest is
// local.

#include "kernels/kernels.hpp"

#include <Eigen/Core>

#include "kernels/kernel_set.inc.hpp"

#define SICMIR_TEXT_(a) #a
#define SICMIR_TEXT(a) SICMIR_TEXT_(a)

namespace sicmir::kernels {

extern const TrainKernels SICMIR_JOIN(train_kernels_, SICMIR_KERNEL_SET);
extern const InferKernels SICMIR_JOIN(infer_kernels_, SICMIR_KERNEL_SET);

namespace {

using Matrix = Eigen::MatrixXf;
using Stride = Eigen::OuterStride<Eigen::Dynamic>;
using Input = Eigen::Map<const Matrix, 0, Stride>;
using Output = Eigen::Map<Matrix, 0, Stride>;

template <class A, class B>
void store(const A& a, const B& b, bool accumulate, Output c) {
  if (accumulate) {
    c.noalias() += a * b;
  } else {
    c.noalias() = a * b;
  }
}

void multiply(Transpose a_op, Transpose b_op, Size m, Size n, Size k, const float* a, Size lda,
              const float* b, Size ldb, bool accumulate, float* c, Size ldc) {
  // Eigen blocks its products by the caches it finds; fixed sizes keep the order of every sum the
  // same on every machine.
  static const bool pinned = [] {
    constexpr std::ptrdiff_t kilobyte = 1024;
    Eigen::setCpuCacheSizes(32 * kilobyte, 1024 * kilobyte, 8192 * kilobyte);
    return true;
  }();
  (void)pinned;
  const Output out(c, m, n, Stride(ldc));
  if (a_op == Transpose::no) {
    const Input left(a, m, k, Stride(lda));
    if (b_op == Transpose::no) {
      store(left, Input(b, k, n, Stride(ldb)), accumulate, out);
    } else {
      store(left, Input(b, n, k, Stride(ldb)).transpose(), accumulate, out);
    }
  } else {
    const Input left(a, k, m, Stride(lda));
    if (b_op == Transpose::no) {
      store(left.transpose(), Input(b, k, n, Stride(ldb)), accumulate, out);
    } else {
      store(left.transpose(), Input(b, n, k, Stride(ldb)).transpose(), accumulate, out);
    }
  }
}

void add_bias(Size m, Size n, const float* bias, bool relu, float* x, Size ldx) {
  const Eigen::Map<const Eigen::VectorXf> offset(bias, m);
  Output values(x, m, n, Stride(ldx));
  if (relu) {
    for (Size j = 0; j < n; ++j) values.col(j) = (values.col(j) + offset).cwiseMax(0.0f);
  } else {
    values.colwise() += offset;
  }
}

}  // namespace

extern const Kernels SICMIR_JOIN(kernels_, SICMIR_KERNEL_SET);
const Kernels SICMIR_JOIN(kernels_, SICMIR_KERNEL_SET) = {
    .name = SICMIR_TEXT(SICMIR_KERNEL_SET),
    .multiply = multiply,
    .add_bias = add_bias,
    .train = &SICMIR_JOIN(train_kernels_, SICMIR_KERNEL_SET),
    .infer = &SICMIR_JOIN(infer_kernels_, SICMIR_KERNEL_SET)};

}  // namespace sicmir::kernels
