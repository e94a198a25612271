// SPDX-License-Identifier: BSD-3-Clause
/// Expected values: R Internals, "Serialization Formats"; bytes called by_r are what saveRDS() of R
/// 4.2.2 writes, with `compress = FALSE`, behind the header.
#include "rds/read.hpp"

#include <bit>
#include <initializer_list>
#include <string_view>

#include "support/source_testing.hpp"

namespace sicmir::rds {
namespace {

using sicmir::testing::message_of;
using sicmir::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string word(std::uint32_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(value >> shift);
  return bytes;
}
std::string words(std::initializer_list<std::uint32_t> values) {
  std::string bytes;
  for (const std::uint32_t value : values) bytes += word(value);
  return bytes;
}
std::string real(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return word(static_cast<std::uint32_t>(bits >> 32U)) + word(static_cast<std::uint32_t>(bits));
}
/// A CHARSXP; `levels` 8: UTF-8, 4: Latin-1, 64: ASCII.
std::string chars(const std::string& text, std::uint32_t levels = 8) {
  return words({9U | levels << 12U, static_cast<std::uint32_t>(text.size())}) + text;
}
std::string symbol(const std::string& name) {
  return word(1) + chars(name);
}
std::string header(std::uint32_t version = 2) {
  return "X\n" + words({version, 0x040202, 0x020300});
}
std::string by_r(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

/// Keeps what is stored.
class Kept final : public NumberStore {
 public:
  std::vector<std::int32_t> integers;
  std::vector<double> reals;
  std::int64_t begin_integers(std::uint64_t) override { return n_++; }
  std::int64_t begin_reals(std::uint64_t) override { return n_++; }
  void add(std::span<const std::int32_t> values) override {
    integers.insert(integers.end(), values.begin(), values.end());
  }
  void add(std::span<const double> values) override {
    reals.insert(reals.end(), values.begin(), values.end());
  }

 private:
  std::int64_t n_ = 0;
};

Graph read_file(const std::string& bytes, NumberStore& store, const Limits& limits = {}) {
  const TempFolder folder;
  const auto input = ByteInput::open(folder.write("x.rds", bytes));
  return read(*input, store, limits);
}
/// What follows the header.
Graph read_item(const std::string& item) {
  Kept kept;
  return read_file(header() + item, kept);
}
std::string refusal(const std::string& item) {
  return message_of([&] { (void)read_item(item); });
}
const Node& root(const Graph& graph) {
  return graph[graph.root()];
}

TEST(Rds, RecognisesXdr) {
  EXPECT_TRUE(is_rds(header(3)));
}
TEST(Rds, RecognisesText) {
  EXPECT_TRUE(is_rds("A\n3\n262146\n"));
}
TEST(Rds, DoesNotTakeATableForIt) {
  EXPECT_FALSE(is_rds("X\tY\n1\t2\n"));
}

TEST(Rds, ReadsVersion3WithItsEncoding) {
  Kept kept;
  const Graph graph = read_file(header(3) + word(5) + "UTF-8" + words({13, 1, 7}), kept);
  EXPECT_THAT(root(graph).integers, ElementsAre(7));
}
TEST(Rds, RefusesVersion4) {
  Kept kept;
  EXPECT_THAT(message_of([&] { (void)read_file(header(4) + word(254), kept); }),
              HasSubstr("version 4 of R's serialisation; 2 and 3 are read"));
}
TEST(Rds, RefusesText) {
  Kept kept;
  EXPECT_THAT(message_of([&] { (void)read_file("A\n2\n262146\n131840\n254\n", kept); }),
              HasSubstr("saved as text (ascii = TRUE)"));
}

TEST(Rds, ReadsNull) {
  EXPECT_EQ(root(read_item(word(254))).kind, Kind::null);
}
TEST(Rds, ReadsNegativeIntegers) {
  EXPECT_THAT(root(read_item(words({13, 2, 0xFFFFFFFF, 5}))).integers, ElementsAre(-1, 5));
}
TEST(Rds, MissingTruthValues) {
  // c(TRUE, FALSE, NA)
  const Graph graph = read_item(by_r("0000000a00000003000000010000000080000000"));
  EXPECT_EQ(root(graph).kind, Kind::logicals);
  EXPECT_THAT(root(graph).integers, ElementsAre(1, 0, missing_integer));
}
TEST(Rds, MissingRealsAreNaN) {
  // c(1.5, NA, NaN)
  const Graph graph =
      read_item(by_r("0000000e000000033ff80000000000007ff00000000007a27ff8000000000000"));
  ASSERT_EQ(root(graph).reals.size(), 3U);
  EXPECT_EQ(root(graph).reals[0], 1.5);
  EXPECT_TRUE(std::isnan(root(graph).reals[1]) && std::isnan(root(graph).reals[2]));
}
TEST(Rds, MissingTexts) {
  const Graph graph = read_item(words({16, 2}) + chars("a") + words({9, 0xFFFFFFFF}));
  std::vector<std::uint8_t> missing;
  EXPECT_THAT(graph.texts(graph.root(), &missing), ElementsAre("a", ""));
  EXPECT_THAT(missing, ElementsAre(0, 1));
}

TEST(Rds, Utf8) {
  const Graph graph = read_item(words({16, 1}) + chars("\xC3\xA9"));
  EXPECT_EQ(graph.one_text(graph.root()), "\xC3\xA9");
}
TEST(Rds, Latin1) {
  // "\xe9" with Encoding "latin1"
  const Graph graph = read_item(by_r("00000010000000010000400900000001e9"));
  EXPECT_EQ(graph.one_text(graph.root()), "\xC3\xA9");
}
TEST(Rds, Latin1ThatCouldBeUtf8) {
  const Graph graph = read_item(words({16, 1}) + chars("\xC3\xA9", 4));
  EXPECT_EQ(graph.one_text(graph.root()), "\xC3\x83\xC2\xA9");
}
TEST(Rds, RefusesAZeroByteInAText) {
  EXPECT_THAT(refusal(words({16, 1}) + chars(std::string("a\0b", 3))), HasSubstr("a zero byte"));
}

TEST(Rds, AttributesAreFoundByName) {
  // A pairlist with a tag: flags 0x402.
  const Graph graph = read_item(words({13U | 0x200U, 2, 1, 2, 0x402}) + symbol("dim") +
                                words({13, 2, 2, 1}) + word(254));
  EXPECT_THAT(graph.dimensions(graph.root()), ElementsAre(2, 1));
}
TEST(Rds, AnAttributeNeedsAName) {
  EXPECT_THAT(refusal(words({13U | 0x200U, 1, 1, 2, 254, 254})),
              HasSubstr("an attribute has no name"));
}
TEST(Rds, ASymbolIsWrittenOnce) {
  // list(quote(x), quote(x))
  const Graph graph =
      read_item(by_r("0000001300000002000000010004000900000001"
                     "78000001ff"));
  const std::vector<NodeId>& items = root(graph).items;
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0], items[1]);
  EXPECT_EQ(graph.text(graph[items[1]].texts.front()), "x");
}
TEST(Rds, AReferenceMayHaveItsNumberBehindIt) {
  const Graph graph = read_item(words({19, 2}) + symbol("x") + words({255, 1}));
  EXPECT_EQ(root(graph).items[0], root(graph).items[1]);
}
TEST(Rds, RefusesAReferenceToWhatDidNotCome) {
  EXPECT_THAT(refusal(word(2U << 8U | 255U)), HasSubstr("refers to object 2 of 0"));
}
TEST(Rds, AnEnvironmentMayReferToItself) {
  const std::uint32_t self = 1U << 8U | 255U;
  const Graph graph = read_item(words({19, 2, 4, 0, self, self, self, 254, 13, 1, 9}));
  EXPECT_EQ(graph[root(graph).items[0]].kind, Kind::opaque);
  EXPECT_THAT(graph[root(graph).items[1]].integers, ElementsAre(9));
}

TEST(Rds, Pairlists) {
  // pairlist(a = 1L, 2L)
  const Graph graph =
      read_item(by_r("00000402000000010004000900000001610000000d0000000100000001"
                     "000000020000000d0000000100000002000000fe"));
  EXPECT_EQ(root(graph).kind, Kind::pairlist);
  ASSERT_EQ(root(graph).items.size(), 2U);
  EXPECT_THAT(graph[root(graph).items[1]].integers, ElementsAre(2));
}
TEST(Rds, SlotsOfS4) {
  // setClass("P", representation(a = "numeric")); new("P", a = 2)
  const Graph graph = read_item(
      by_r("0001031900000402000000010004000900000001610000000e00000001400000000000000000"
           "000402000000010004000900000005636c617373000002100000000100040009000000015000"
           "00040200000001000400090000000770616"
           "36b6167650000001000000001000400090000000a2e476c6f62616c456e76000000fe000000fe"));
  EXPECT_EQ(graph.class_of(graph.root()), "P");
  EXPECT_EQ(graph.package_of(graph.root()), ".GlobalEnv");
  EXPECT_THAT(graph[graph.attribute(graph.root(), "a")].reals, ElementsAre(2.0));
}

/// An ALTREP object without attributes, of a class of R's own.
std::string altrep(const std::string& name, const std::string& state) {
  return words({238, 2}) + symbol(name) + word(2) + symbol("base") + words({2, 13, 1, 13, 254}) +
         state + word(254);
}
TEST(Rds, CompactSequences) {
  // 1:10, as R writes it
  Kept kept;
  const Graph graph = read_file(
      by_r(
          "580a000000030004020200030500000000055554462d38000000ee0000000200000001000400090000000e63"
          "6f6d706163745f696e747365710000000200000001000400090000000462617365000000020000000d000000"
          "010000000d000000fe0000000e0000000340240000000000003ff00000000000003ff0000000000000000000"
          "fe"),
      kept);
  EXPECT_TRUE(root(graph).is_sequence);
  EXPECT_EQ(root(graph).length, 10U);
  EXPECT_EQ(root(graph).start, 1);
  EXPECT_EQ(root(graph).step, 1);
}
TEST(Rds, RefusesASequenceOfHalfALength) {
  EXPECT_THAT(refusal(altrep("compact_intseq", words({14, 3}) + real(2.5) + real(1) + real(1))),
              HasSubstr("impossible length, start or step"));
}
TEST(Rds, AWrapperIsWhatItWraps) {
  const Graph graph = read_item(altrep("wrap_integer", words({19, 2, 13, 2, 4, 5, 13, 2, 0, 0})));
  EXPECT_THAT(root(graph).integers, ElementsAre(4, 5));
}
TEST(Rds, DeferredTextsOfIntegers) {
  const Graph graph =
      read_item(altrep("deferred_string", words({2, 13, 3, 3, 0x80000000, 100000, 13, 1, 0})));
  std::vector<std::uint8_t> missing;
  EXPECT_THAT(graph.texts(graph.root(), &missing), ElementsAre("3", "", "100000"));
  EXPECT_THAT(missing, ElementsAre(0, 1, 0));
}
TEST(Rds, DeferredTextsOfRealsAreAsRWritesThem) {
  // as.character(c(100000, 123456, 0.1, NA, NaN, 1e-5, 0.0001, 1e15, 1e16, 123456.7, Inf))
  Kept kept;
  const Graph graph = read_file(
      by_r(
          "580a000000030004020200030500000000055554462d38000000ee0000000200000001000400090000000f64"
          "65666572"
          "7265645f737472696e670000000200000001000400090000000462617365000000020000000d000000010000"
          "0010000000fe000000020000000e0000000b40f86a000000000040fe2400000000003fb999999999999a7ff0"
          "0000000007a27ff80000000000003ee4f8b588e368f13f1a36e2eb1c432d430c6bf5263400004341c37937e0"
          "800040fe240b333333337ff00000000000000000000d0000000100000000000000fe"),
      kept);
  std::vector<std::uint8_t> missing;
  EXPECT_THAT(graph.texts(graph.root(), &missing),
              ElementsAre("1e+05", "123456", "0.1", "", "NaN", "1e-05", "1e-04", "1e+15", "1e+16",
                          "123456.7", "Inf"));
  EXPECT_THAT(missing, ElementsAre(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0));
}
TEST(Rds, DeferredTextsOfASequenceOfIntegers) {
  // Symbols are written once: "base" is the second.
  const std::string of = words({238, 2}) + symbol("compact_intseq") +
                         words({2, 2U << 8U | 255U, 2, 13, 1, 13, 254}) + words({14, 3}) + real(2) +
                         real(99999) + real(1) + word(254);
  const Graph graph = read_item(altrep("deferred_string", word(2) + of + words({13, 1, 0})));
  EXPECT_THAT(graph.texts(graph.root()), ElementsAre("99999", "100000"));
}
TEST(Rds, RefusesClassesOfPackages) {
  EXPECT_THAT(refusal(altrep("mmap_real", word(254))), HasSubstr("class 'mmap_real'"));
}

TEST(Rds, LongerVectorsAreStored) {
  Kept kept;
  Limits limits;
  limits.held_length = 2;
  const Graph graph = read_file(header() + words({13, 3, 4, 5, 6}), kept, limits);
  EXPECT_EQ(root(graph).stored, 0);
  EXPECT_THAT(root(graph).integers, ElementsAre());
  EXPECT_THAT(kept.integers, ElementsAre(4, 5, 6));
}
TEST(Rds, ALongLengthOfAShortVector) {
  // R: -1, the upper and the lower half
  EXPECT_THAT(root(read_item(words({13, 0xFFFFFFFF, 0, 1, 8}))).integers, ElementsAre(8));
}
TEST(Rds, RefusesMoreThanTheFileCanHold) {
  EXPECT_THAT(refusal(words({14, 0xFFFFFFFF, 1, 0})),
              HasSubstr("claims 4294967296 elements, more than the file can hold"));
}
TEST(Rds, RefusesMoreThanRAllows) {
  EXPECT_THAT(refusal(words({14, 0xFFFFFFFF, 0x00100000, 1})), HasSubstr("the file is damaged"));
}
TEST(Rds, RefusesANegativeLength) {
  EXPECT_THAT(refusal(words({13, 0xFFFFFFFE})), HasSubstr("claims -2 elements"));
}
TEST(Rds, RefusesTheEndWithinAVector) {
  EXPECT_THAT(refusal(words({13, 3, 1})), HasSubstr("ends too early"));
}
TEST(Rds, RefusesATypeThatDoesNotExist) {
  EXPECT_THAT(refusal(words({99, 0})), HasSubstr("type 99, which does not exist"));
}
TEST(Rds, RefusesListsThatAreTooDeep) {
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += words({19, 1});
  EXPECT_THAT(refusal(deep + word(254)), HasSubstr("nested more than 400 deep"));
}

}  // namespace
}  // namespace sicmir::rds
