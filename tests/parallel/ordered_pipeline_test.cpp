// SPDX-License-Identifier: BSD-3-Clause
#include "parallel/ordered_pipeline.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace sicmir {
namespace {

using ::testing::ElementsAreArray;

struct Counter {
  int next = 0;
  int last = 0;
  bool operator()(int& item) {
    if (next == last) return false;
    item = next++;
    return true;
  }
};

std::vector<int> first_numbers(int n) {
  std::vector<int> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST(OrderedPipeline, KeepsTheReadingOrderWhateverTheWorkersDo) {
  for (const int workers : {1, 2, 3, 8}) {
    std::vector<int> written;
    ordered_pipeline<int, int>(
        workers, Counter{0, 200},
        [](int& in, int& out) {
          std::this_thread::sleep_for(std::chrono::microseconds(in % 7 * 50));
          out = in;
        },
        [&](int& out) { written.push_back(out); });
    EXPECT_THAT(written, ElementsAreArray(first_numbers(200))) << workers << " workers";
  }
}

TEST(OrderedPipeline, DoesNothingWithoutItems) {
  int calls = 0;
  ordered_pipeline<int, int>(
      2, [](int&) { return false; }, [&](int&, int&) { ++calls; }, [&](int&) { ++calls; });
  EXPECT_EQ(calls, 0);
}

TEST(OrderedPipeline, RethrowsTheFirstErrorInReadingOrderAfterWritingWhatCameBefore) {
  for (const int workers : {1, 2, 3}) {
    std::vector<int> written;
    const auto work = [](int& in, int& out) {
      // Item 20 fails at once, item 10 late: 10 is still the one that counts.
      if (in == 20) throw std::runtime_error("item 20");
      if (in == 10) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        throw std::runtime_error("item 10");
      }
      out = in;
    };
    std::string message;
    try {
      ordered_pipeline<int, int>(workers, Counter{0, 1000}, work,
                                 [&](int& out) { written.push_back(out); });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    EXPECT_EQ(message, "item 10");
    EXPECT_THAT(written, ElementsAreArray(first_numbers(10)));
  }
}

TEST(OrderedPipeline, AnErrorOfTheReaderComesAfterWhatItHadRead) {
  std::vector<int> written;
  int next = 0;
  const auto read = [&](int& item) {
    if (next == 5) throw std::runtime_error("cannot read");
    item = next++;
    return true;
  };
  EXPECT_THROW((ordered_pipeline<int, int>(
                   2, read,
                   [](int& in, int& out) {
                     std::this_thread::sleep_for(std::chrono::milliseconds(5));
                     out = in;
                   },
                   [&](int& out) { written.push_back(out); })),
               std::runtime_error);
  EXPECT_THAT(written, ElementsAreArray(first_numbers(5)));
}

TEST(OrderedPipeline, AnErrorOfTheWriterStopsTheReader) {
  int n_read = 0;
  EXPECT_THROW((ordered_pipeline<int, int>(
                   2,
                   [&](int& item) {
                     item = n_read++;
                     return true;  // endless
                   },
                   [](int& in, int& out) { out = in; },
                   [](int&) { throw std::runtime_error("disk full"); })),
               std::runtime_error);
  EXPECT_LE(n_read, 20);
}

}  // namespace
}  // namespace sicmir
