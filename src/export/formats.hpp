// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The formats that models are exported to, as bytes.

#include <string>

#include "sicmir/model.hpp"

namespace sicmir {

/// A .npz archive (NumPy's format.py; zip by libzip), members stored and without a date.
[[nodiscard]] std::string to_npz(const Model& model);

/// An ONNX ModelProto (onnx.proto, IR 7, opset 13): Gemm and Relu per folded layer, of an ensemble
/// the weighted sum.
[[nodiscard]] std::string to_onnx(const Model& model);

}  // namespace sicmir
