// SPDX-License-Identifier: BSD-3-Clause
#include "model/layers.hpp"

#include <fmt/core.h>

namespace sicmir {
namespace layers {
namespace {

template <class Type>
using DescriptionOf = Description<std::remove_cvref_t<Type>>;

template <class Type, class Variant>
inline constexpr bool is_alternative = false;
template <class Type, class... Types>
inline constexpr bool is_alternative<Type, std::variant<Types...>> = (std::is_same_v<Type, Types> ||
                                                                      ...);

/// The first type of layer for which `is_it(place, name)`.
template <std::size_t place = 0>
std::optional<Layer> first_type(auto is_it) {
  if constexpr (place < std::variant_size_v<Layer>) {
    using Type = std::variant_alternative_t<place, Layer>;
    if (is_it(place, Description<Type>::name)) return Layer(Type{});
    return first_type<place + 1>(is_it);
  } else {
    return std::nullopt;
  }
}

}  // namespace

std::string_view name_of(const Layer& layer) {
  return std::visit([](const auto& typed) { return DescriptionOf<decltype(typed)>::name; }, layer);
}

std::string_view title_of(const Layer& layer) {
  return std::visit([](const auto& typed) { return DescriptionOf<decltype(typed)>::title; }, layer);
}

std::string words_of(const Layer& layer, Index inputs, Index outputs) {
  return std::visit(
      [&](const auto& typed) {
        using Described = DescriptionOf<decltype(typed)>;
        if constexpr (requires { Described::arguments(typed, inputs, outputs); }) {
          return fmt::format("{}({})", Described::title,
                             Described::arguments(typed, inputs, outputs));
        } else {
          return std::string(Described::title);
        }
      },
      layer);
}

bool is_training_only(const Layer& layer) {
  return std::visit(
      [](const auto& typed) {
        using Described = DescriptionOf<decltype(typed)>;
        return requires {
          Described::training_only;
        };
      },
      layer);
}

std::optional<Activation> activation_of(const Layer& layer) {
  return std::visit(
      [](const auto& typed) -> std::optional<Activation> {
        if constexpr (is_alternative<std::remove_cvref_t<decltype(typed)>, Activation>) {
          return Activation(typed);
        } else {
          return std::nullopt;
        }
      },
      layer);
}

std::optional<Layer> blank(std::string_view name) {
  return first_type([=](std::size_t, std::string_view other) { return other == name; });
}

std::optional<Layer> blank(std::size_t place) {
  return first_type([=](std::size_t other, std::string_view) { return other == place; });
}

}  // namespace layers

void activate(const Dense& layer, Eigen::Ref<Matrix> values) {
  std::visit(
      [&](const auto& activation) {
        using Type = std::remove_cvref_t<decltype(activation)>;
        if constexpr (!std::is_same_v<Type, std::monostate> && !std::is_same_v<Type, Relu>) {
          layers::Description<Type>::forward(activation, values);
        }
      },
      layer.activation);
}

}  // namespace sicmir
