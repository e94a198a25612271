// SPDX-License-Identifier: BSD-3-Clause
/// Runs a fuzz target without a fuzzer's engine: replays files, then mutates them.
///   NAME_fuzz [--runs N] [--seconds S] [--seed K] [--keep FOLDER] FILE_OR_FOLDER...
/// An input that is a fault ends the process; with --keep, it is in FOLDER/last. The engine itself:
/// see README.md.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <random>

#include "fuzz/fuzz_target.hpp"
#include "sicmir/error.hpp"

namespace {

using sicmir::Error;

constexpr unsigned most_seconds = 20;  // of one input; SIGALRM then ends the process
constexpr std::size_t longest = 1U << 20U;

struct Tally {
  std::size_t accepted = 0;
  std::size_t refused = 0;
};

void run(const std::string& bytes, const std::string& keep, Tally& tally) {
  if (!keep.empty()) {
    std::ofstream(keep + "/last", std::ios::binary) << bytes;
  }
  alarm(most_seconds);
  try {
    sicmir::fuzz::fuzz_one(bytes);
    ++tally.accepted;
  } catch (const Error& error) {
    if (std::string_view(error.what()).empty()) std::abort();  // refused without a word
    ++tally.refused;
  }
  alarm(0);
}

/// One to four small changes: what damages real files, and what forges them.
class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, std::uint64_t seed)
      : seeds_(std::move(seeds)), random_(seed) {}

  std::string next() {
    std::string bytes = seeds_[below(seeds_.size())];
    for (std::size_t n = 1 + below(4); n > 0; --n) change(bytes);
    if (bytes.size() > longest) bytes.resize(longest);
    return bytes;
  }

 private:
  std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>(random_()) % std::max<std::size_t>(bound, 1);
  }

  void change(std::string& bytes) {
    static constexpr std::array<std::string_view, 22> words = {"\t",
                                                               ",",
                                                               ";",
                                                               "\n",
                                                               "\r\n",
                                                               "\"",
                                                               "NA",
                                                               "nan",
                                                               "-1",
                                                               "1e999",
                                                               "99999999999999999999",
                                                               "0",
                                                               "inf",
                                                               "\0",
                                                               "\xff",
                                                               "%%",
                                                               "#",
                                                               "1,234",
                                                               "1.5",
                                                               " ",
                                                               "\xef\xbb\xbf",
                                                               "TP53"};
    const std::size_t at = below(bytes.size() + 1);
    switch (below(7)) {
      case 0:  // another byte
        if (at < bytes.size()) bytes[at] = static_cast<char>(below(256));
        break;
      case 1:  // another bit
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.insert(at, words[below(words.size())]);
        break;
      case 3:
        bytes.erase(at, below(32));
        break;
      case 4:
        bytes.resize(at);
        break;  // cut short
      case 5:   // part of another seed
      {
        const std::string& other = seeds_[below(seeds_.size())];
        const std::size_t from = below(other.size() + 1);
        bytes.insert(at, other.substr(from, below(200)));
        break;
      }
      default:  // a size that lies
      {
        const std::uint64_t number = below(2) == 0 ? ~std::uint64_t{0} >> below(64) : below(70'000);
        const std::size_t width = std::size_t{1} << below(4);
        for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i) {
          bytes[at + i] = static_cast<char>(number >> (8 * i));
        }
      }
    }
  }

  std::vector<std::string> seeds_;
  std::mt19937_64 random_;
};

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> read_seeds(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
    } else {
      files.emplace_back(path);
    }
  }
  std::sort(files.begin(), files.end());  // the order of folders is the system's
  std::vector<std::string> seeds;
  std::transform(files.begin(), files.end(), std::back_inserter(seeds), content);
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t runs = 0;
  double seconds = 0;
  std::uint64_t seed = 1;
  std::string keep;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--runs" && has_value) {
      runs = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--seconds" && has_value) {
      seconds = std::strtod(argv[++i], nullptr);
    } else if (word == "--seed" && has_value) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--keep" && has_value) {
      keep = argv[++i];
    } else {
      paths.push_back(word);
    }
  }
  const std::vector<std::string> seeds = read_seeds(paths);
  if (seeds.empty()) {
    std::fputs("error: no seeds. Specify files or folders.\n", stderr);
    return 2;
  }
  Tally replayed;
  for (const std::string& bytes : seeds) run(bytes, keep, replayed);
  Tally mutated;
  Mutator mutator(seeds, seed);
  const auto start = std::chrono::steady_clock::now();
  auto goes_on = [&, n = std::size_t{0}]() mutable {
    return n++ < runs ||
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() <
               seconds;
  };
  while (goes_on()) run(mutator.next(), keep, mutated);
  std::printf("replayed: %zu accepted, %zu refused; mutated: %zu accepted, %zu refused\n",
              replayed.accepted, replayed.refused, mutated.accepted, mutated.refused);
  return 0;
}
