// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Models for other programs.

#include <string>

#include "sicmir/model.hpp"

namespace sicmir {

/// By the ending of `path`: .npz (NumPy: every layer as trained, names, moments) or .onnx (the
/// folded network: cells x genes to cells x miRNAs, both standardised). The same bytes for the same
/// model. Throws Error(usage) for another ending, Error(bad_model) for layers that do not fit
/// together, Error(not_written).
void export_model(const Model& model, const std::string& path);

}  // namespace sicmir
