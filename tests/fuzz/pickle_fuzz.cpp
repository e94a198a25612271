// SPDX-License-Identifier: BSD-3-Clause
/// The pickle inside a checkpoint.
#include "fuzz/fuzz_target.hpp"
#include "import/pickle.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  static constexpr std::array<pickle::Callable, 2> allowed = {
      pickle::Callable{"collections", "OrderedDict"},
      pickle::Callable{"torch._utils", "_rebuild_tensor_v2"}};
  const pickle::Graph graph = pickle::read(bytes, allowed, "pickle");
  static_cast<void>(graph.name_of(graph.root()));
  static_cast<void>(graph.find(graph.root(), "state_dict"));
}
