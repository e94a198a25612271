// SPDX-License-Identifier: BSD-3-Clause
// Text to numbers and numbers to text. Needs Google Benchmark.
#include <benchmark/benchmark.h>

#include <array>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "input/value_line.hpp"
#include "text/float_text.hpp"

namespace {

using namespace sicmir;

constexpr std::size_t n_cells = 10000;

/// A line of a CSV table of genes as lines.
template <class Print>
std::string line_of(Print&& print) {
  std::string line = "GENE";
  for (std::size_t cell = 0; cell < n_cells; ++cell) {
    line += ',';
    print(line);
  }
  return line;
}

/// Lines of genes are read two at a time (`both`), those of cells one by one.
void parse(benchmark::State& state, bool both, const std::string& line) {
  TableLayout layout;
  layout.rules = {',', '.'};
  layout.n_fields = n_cells + 1;
  layout.header.assign(layout.n_fields, "name");
  layout.leading = {LeadingColumn::names};
  const ValueLineReader reader(layout, "bench");
  const std::string text = line + "\n";
  std::vector<double> values(2 * n_cells);
  const std::span<double> all(values);
  std::vector<std::string_view> leading;
  for (auto _ : state) {
    const std::string_view view = std::string_view(text).substr(0, line.size());
    ValueLine first = reader.begin_line(view, 1, leading);
    ValueLine second = reader.begin_line(view, 2, leading);
    if (both) {
      reader.read_lines(first, all.first(n_cells), second, all.last(n_cells));
    } else {
      reader.read_values(first, all.first(n_cells));
      reader.read_values(second, all.last(n_cells));
    }
    benchmark::DoNotOptimize(values.data());
    benchmark::ClobberMemory();
  }
  state.counters["values"] = benchmark::Counter(static_cast<double>(2 * n_cells),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

/// Decimals as bench/measure.py writes them; argument: how many.
template <bool both>
void parse_decimals(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::gamma_distribution<double> mean(0.8, 3.0);
  std::normal_distribution<double> noise;
  const auto decimals = static_cast<int>(state.range(0));
  parse(state, both, line_of([&](std::string& line) {
          const double value = std::max(mean(random) + noise(random), 0.0);
          std::array<char, 40> text{};
          line.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value,
                                                 std::chars_format::fixed, decimals)
                                       .ptr);
        }));
}
BENCHMARK(parse_decimals<true>)->Arg(2)->Arg(4)->Arg(6)->Arg(9);
BENCHMARK(parse_decimals<false>)->Arg(2)->Arg(4)->Arg(6)->Arg(9);

/// Counts; argument: percent of them that are not zero.
template <bool both>
void parse_counts(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::geometric_distribution<int> count(0.5);
  std::bernoulli_distribution stored(static_cast<double>(state.range(0)) / 100.0);
  parse(state, both, line_of([&](std::string& line) {
          line += stored(random) ? std::to_string(1 + count(random)) : "0";
        }));
}
BENCHMARK(parse_counts<true>)->Arg(0)->Arg(8)->Arg(33)->Arg(100);
BENCHMARK(parse_counts<false>)->Arg(0)->Arg(8)->Arg(33)->Arg(100);

/// Predictions: the shortest text of a float32.
void format_shortest(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> z(0.0F, 0.7F);
  std::vector<float> values(n_cells);
  for (float& value : values) value = z(random);
  std::vector<char> text(n_cells * (float_text::max_length + 1));
  for (auto _ : state) {
    char* end = text.data();
    for (const float value : values) {
      *end++ = ',';
      end = float_text::shortest(end, value);
    }
    benchmark::DoNotOptimize(end);
    benchmark::ClobberMemory();
  }
  state.counters["values"] = benchmark::Counter(static_cast<double>(n_cells),
                                                benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(format_shortest);

}  // namespace

BENCHMARK_MAIN();
