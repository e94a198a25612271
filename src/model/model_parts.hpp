// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the reading and the writing of model files share (docs/model-format.md).

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hdf5/h5.hpp"
#include "sicmir/model.hpp"

namespace sicmir::model_parts {

inline constexpr std::string_view format_name = "sicmir-model";
inline constexpr std::size_t max_members = 1000;
inline constexpr std::size_t max_layers = 1000;
inline constexpr std::size_t max_genes = 65535;  // spools keep panel positions in 16 bits

/// IEEE 754 binary16, little-endian: 1 bit of sign, 5 of exponent, 10 of mantissa.
[[nodiscard]] h5::Handle float16_type();

/// Of all rank profiles, one after another.
[[nodiscard]] std::vector<double> all_quantiles(const Model& model);

/// Over everything that the model is; the same whatever file it is stored in.
[[nodiscard]] std::string checksum(const Model& model);

struct DifferenceField {
  std::string_view name;
  std::vector<double> DifferenceCalibration::*values;
};
/// The first two are the ends of classes and bins, the others tables of classes x bins.
inline constexpr std::array<DifferenceField, 7> difference_fields = {{
    {"accuracy_from", &DifferenceCalibration::accuracies},
    {"difference_from", &DifferenceCalibration::differences},
    {"likely", &DifferenceCalibration::likely},
    {"likely_low", &DifferenceCalibration::low},
    {"likely_high", &DifferenceCalibration::high},
    {"sign_right", &DifferenceCalibration::sign_right},
    {"n", &DifferenceCalibration::n},
}};

/// `group` holds these fields; `where`: its path, for messages. Throws as reading a file does.
[[nodiscard]] DifferenceCalibration read_differences(const h5::File& file, hid_t group,
                                                     const std::string& where);

/// Weights as files hold them: one output's behind each other.
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class Vector>
std::span<const typename Vector::Scalar> as_span(const Vector& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

}  // namespace sicmir::model_parts
