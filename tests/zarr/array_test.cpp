// SPDX-License-Identifier: BSD-3-Clause
/// Stores are written here, from the Zarr 2 and 3 specifications; compressed chunks of version 2
/// are by numcodecs 0.10 (Debian's python3-numcodecs), of the integers 1 to 6.
#include "zarr/array.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

#include "support/source_testing.hpp"

namespace sicmir::zarr {
namespace {

using sicmir::testing::message_of;
using sicmir::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string bytes(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

/// A store of one array, "a".
class OneArray {
 public:
  OneArray(const std::string& file, const std::string& metadata) {
    folder_.write(file == ".zarray" ? ".zgroup" : "zarr.json",
                  file == ".zarray" ? R"({"zarr_format": 2})"
                                    : R"({"zarr_format": 3, "node_type": "group"})");
    folder_.write("a/" + file, metadata);
  }
  OneArray& with(const std::string& chunk, const std::string& content) {
    folder_.write("a/" + chunk, content);
    return *this;
  }
  [[nodiscard]] std::unique_ptr<Store> store() const {
    return Store::open_folder(folder_.path().string());
  }
  /// Bytes of a chunk; "absent" if it is not stored.
  [[nodiscard]] std::string chunk(const std::vector<std::uint64_t>& at) const {
    const auto opened = store();
    Array::Chunk chunk;
    return array(*opened).read(at, chunk) ? chunk.bytes : "absent";
  }
  [[nodiscard]] std::vector<std::string> texts(const std::vector<std::uint64_t>& at) const {
    const auto opened = store();
    Array::Chunk chunk;
    (void)array(*opened).read(at, chunk);
    return chunk.texts;
  }
  [[nodiscard]] std::string refusal(const std::vector<std::uint64_t>& at) const {
    return message_of([&] { (void)chunk(at); });
  }
  [[nodiscard]] static Array array(const Store& store) {
    return Array(store, "a", read_node(store, "a"));
  }

 private:
  TempFolder folder_;
};

std::vector<int> integers(const std::string& bytes) {
  std::vector<std::int32_t> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), values.size() * 4);
  return {values.begin(), values.end()};
}

// Version 2.

std::string version_2(const std::string& changes = "", const std::string& dtype = "<i4",
                      const std::string& order = "C", const std::string& compressor = "null") {
  return R"({"zarr_format": 2, "shape": [3, 5], "chunks": [2, 3], "dtype": ")" + dtype +
         R"(", "fill_value": 7, "order": ")" + order + R"(", "filters": null, "compressor": )" +
         compressor + changes + "}";
}
const std::string one_to_six = bytes("010000000200000003000000040000000500000006000000");

TEST(Zarr2, ChunksAtTheEdgeAreWhole) {
  OneArray a(".zarray", version_2());
  a.with("1.1", one_to_six);
  EXPECT_THAT(integers(a.chunk({1, 1})), ElementsAre(1, 2, 3, 4, 5, 6));
}
TEST(Zarr2, AChunkAtTheEdgeMayNotBeCut) {
  OneArray a(".zarray", version_2());
  a.with("1.1", one_to_six.substr(0, 8));
  EXPECT_THAT(a.refusal({1, 1}), HasSubstr("it has 8 bytes; 24 belong there"));
}
TEST(Zarr2, AChunkThatIsNotStoredIsFill) {
  const OneArray a(".zarray", version_2());
  EXPECT_EQ(a.chunk({0, 0}), "absent");
  const auto store = a.store();
  EXPECT_EQ(OneArray::array(*store).fill(), 7);
}
TEST(Zarr2, TheSeparatorMayBeASlash) {
  OneArray a(".zarray", version_2(R"(, "dimension_separator": "/")"));
  a.with("0/1", one_to_six);
  EXPECT_EQ(a.chunk({0, 1}), one_to_six);
}
TEST(Zarr2, BigEndianIsSaid) {
  const OneArray a(".zarray", version_2("", ">i4"));
  const auto store = a.store();
  EXPECT_TRUE(OneArray::array(*store).type().big_endian);
}
TEST(Zarr2, OrderFIsTurned) {
  // Column after column: 1 2 | 3 4 | 5 6.
  OneArray a(".zarray", version_2("", "<i4", "F"));
  a.with("0.0", one_to_six);
  EXPECT_THAT(integers(a.chunk({0, 0})), ElementsAre(1, 3, 5, 2, 4, 6));
}
TEST(Zarr2, RecordsAreRefused) {
  std::string text = version_2();
  text.replace(text.find("\"<i4\""), 5, R"([["x", "<i4"]])");
  const OneArray a(".zarray", text);
  EXPECT_THAT(a.refusal({0, 0}), HasSubstr("has records"));
}
TEST(Zarr2, ComplexNumbersAreRefused) {
  const OneArray a(".zarray", version_2("", "<c16"));
  EXPECT_THAT(a.refusal({0, 0}), HasSubstr("type '<c16', which are not read"));
}
TEST(Zarr2, AnUnknownFilterIsRefused) {
  std::string text = version_2();
  text.replace(text.find("\"filters\": null"), 15, R"("filters": [{"id": "delta"}])");
  EXPECT_THAT(OneArray(".zarray", text).refusal({0, 0}), HasSubstr("the filter 'delta'"));
}
TEST(Zarr2, ShuffledBytes) {
  std::string text = version_2();
  text.replace(text.find("\"filters\": null"), 15,
               R"("filters": [{"id": "shuffle", "elementsize": 4}])");
  OneArray a(".zarray", text);
  a.with("0.0", bytes("010203040506000000000000000000000000000000000000"));
  EXPECT_EQ(a.chunk({0, 0}), one_to_six);
}
TEST(Zarr2, AChunkOfNoElementsIsRefused) {
  std::string text = version_2();
  text.replace(text.find("[2, 3]"), 6, "[0, 3]");
  EXPECT_THAT(OneArray(".zarray", text).refusal({0, 0}), HasSubstr("do not fit its shape"));
}
TEST(Zarr2, AClaimOfMoreThanTheStoreCanHoldIsRefused) {
  std::string text = version_2();
  text.replace(text.find("[3, 5]"), 6, "[1152921504606846976, 5]");
  EXPECT_THAT(OneArray(".zarray", text).refusal({0, 0}), HasSubstr("it is damaged"));
}
TEST(Zarr2, ANegativeShapeIsRefused) {
  std::string text = version_2();
  text.replace(text.find("[3, 5]"), 6, "[-3, 5]");
  EXPECT_THAT(OneArray(".zarray", text).refusal({0, 0}), HasSubstr("impossible shape"));
}

struct Stored {
  const char* compressor;
  const char* hex;
};
class Zarr2Compressed : public ::testing::TestWithParam<Stored> {};
TEST_P(Zarr2Compressed, IsDecompressed) {
  OneArray a(".zarray", version_2("", "<i4", "C", GetParam().compressor));
  a.with("0.0", bytes(GetParam().hex));
  EXPECT_EQ(a.chunk({0, 0}), one_to_six);
}
TEST_P(Zarr2Compressed, CutShortItIsRefused) {
  const std::string whole = bytes(GetParam().hex);
  OneArray a(".zarray", version_2("", "<i4", "C", GetParam().compressor));
  a.with("0.0", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(a.refusal({0, 0}), HasSubstr("a/0.0"));
}
INSTANTIATE_TEST_SUITE_P(
    Codecs, Zarr2Compressed,
    ::testing::Values(
        Stored{R"({"id": "blosc"})",
               "02013304180000001800000028000000010000000200000003000000040000000500000006000000"},
        Stored{R"({"id": "zstd"})",
               "28b52ffd2018c10000010000000200000003000000040000000500000006000000"},
        Stored{R"({"id": "gzip"})",
               "1f8b0800926f0a6b04ff636460606002626620660162562066036200be076faf18000000"},
        Stored{R"({"id": "zlib"})", "780163646060600262662066016256206603620000f80016"},
        Stored{R"({"id": "lz4"})", "18000000f009010000000200000003000000040000000500000006000000"},
        Stored{
            R"({"id": "bz2"})",
            "425a6831314159265359a4f29a0400000940007f00200021281b508601cde8a5078bb9229c284852794d"
            "0200"},
        Stored{
            R"({"id": "lzma"})",
            "fd377a585a000004e6d6b4460200210116000000742fe5a3e0001700115d0000803c7a3cbe02e3d78115"
            "7a70130b18fe00000000177c5f22d7776a3000012d189277c0131fb6f37d010000000004595a"}));

TEST(Zarr2, AnUnknownCompressionIsRefused) {
  EXPECT_THAT(OneArray(".zarray", version_2("", "<i4", "C", R"({"id": "pcodec"})")).refusal({0, 0}),
              HasSubstr("compressed with 'pcodec'"));
}

std::string texts_2() {
  return R"({"zarr_format": 2, "shape": [3], "chunks": [3], "dtype": "|O", "fill_value": "",)"
         R"( "order": "C", "filters": [{"id": "vlen-utf8"}], "compressor": null})";
}
TEST(Zarr2, TextsOfVariableLength) {
  OneArray a(".zarray", texts_2());
  a.with("0", bytes("0300000004000000545035330000000002000000c2b5"));
  EXPECT_THAT(a.texts({0}), ElementsAre("TP53", "", "\xC2\xB5"));
}
TEST(Zarr2, ATextThatClaimsMoreThanThereIsIsRefused) {
  OneArray a(".zarray", texts_2());
  a.with("0", bytes("03000000ffffffff545035330000000002000000c2b5"));
  EXPECT_THAT(a.refusal({0}), HasSubstr("its texts end too early"));
}

// Version 3.

std::string version_3(const std::string& codecs, const std::string& type = "int32",
                      const std::string& fill = "0") {
  return R"({"zarr_format": 3, "node_type": "array", "shape": [4, 4], "data_type": ")" + type +
         R"(", "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 4]}},)"
         R"( "chunk_key_encoding": {"name": "default"}, "fill_value": )" +
         fill + R"(, "codecs": )" + codecs + "}";
}
const std::string one_to_eight =
    bytes("0100000002000000030000000400000005000000060000000700000008000000");
const std::string little = R"({"name": "bytes", "configuration": {"endian": "little"}})";

TEST(Zarr3, KeysBeginWithC) {
  OneArray a("zarr.json", version_3("[" + little + "]"));
  a.with("c/1/0", one_to_eight);
  EXPECT_EQ(a.chunk({1, 0}), one_to_eight);
}
TEST(Zarr3, KeysMayBeAsInVersion2) {
  std::string text = version_3("[" + little + "]");
  text.replace(text.find("\"default\""), 9, "\"v2\"");
  OneArray a("zarr.json", text);
  a.with("1.0", one_to_eight);
  EXPECT_EQ(a.chunk({1, 0}), one_to_eight);
}
TEST(Zarr3, BigEndianIsACodec) {
  const OneArray a("zarr.json",
                   version_3(R"([{"name": "bytes", "configuration": {"endian": "big"}}])"));
  const auto store = a.store();
  EXPECT_TRUE(OneArray::array(*store).type().big_endian);
}
TEST(Zarr3, TransposedAxesAreTurnedBack) {
  // Stored 4 x 2: its lines are the columns of the chunk.
  OneArray a(
      "zarr.json",
      version_3(R"([{"name": "transpose", "configuration": {"order": [1, 0]}}, )" + little + "]"));
  a.with("c/0/0", one_to_eight);
  EXPECT_THAT(integers(a.chunk({0, 0})), ElementsAre(1, 3, 5, 7, 2, 4, 6, 8));
}
TEST(Zarr3, AxesThatAreNoOrderAreRefused) {
  const OneArray a(
      "zarr.json",
      version_3(R"([{"name": "transpose", "configuration": {"order": [1, 1]}}, )" + little + "]"));
  EXPECT_THAT(a.refusal({0, 0}), HasSubstr("impossible order of axes"));
}
TEST(Zarr3, AWrongChecksumIsRefused) {
  OneArray a("zarr.json", version_3("[" + little + R"(, {"name": "crc32c"}])"));
  a.with("c/0/0", one_to_eight + std::string(4, '\0'));
  EXPECT_THAT(a.refusal({0, 0}), HasSubstr("its checksum does not match"));
}
TEST(Zarr3, AnUnknownCodecIsRefused) {
  EXPECT_THAT(OneArray("zarr.json", version_3(R"([{"name": "vlen-bytes"}])")).refusal({0, 0}),
              HasSubstr("the codec 'vlen-bytes'"));
}
TEST(Zarr3, ConsolidatedMetadataAreNotNeeded) {
  OneArray a("zarr.json", version_3("[" + little + "]"));
  const auto store = a.store();
  EXPECT_EQ(read_node(*store, "").kind, NodeKind::group);
  EXPECT_EQ(read_node(*store, "a").kind, NodeKind::array);
  EXPECT_EQ(read_node(*store, "b").kind, NodeKind::absent);
}

/// Shards of two chunks, 2 x 2, side by side; the index at `location`.
std::string sharded(const std::string& location = "end", const std::string& fill = "0") {
  return version_3(R"([{"name": "sharding_indexed", "configuration": {"chunk_shape": [2, 2],)"
                   R"( "codecs": [)" +
                       little + R"(], "index_codecs": [)" + little + R"(], "index_location": ")" +
                       location + R"("}}])",
                   "int32", fill);
}
std::string index_entry(std::uint64_t offset, std::uint64_t length) {
  std::string out;
  for (const std::uint64_t value : {offset, length}) {
    for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(value >> shift);
  }
  return out;
}
TEST(Zarr3, ChunksInAShardStandSideBySide) {
  OneArray a("zarr.json", sharded());
  a.with("c/0/0", one_to_eight + index_entry(0, 16) + index_entry(16, 16));
  EXPECT_THAT(integers(a.chunk({0, 0})), ElementsAre(1, 2, 5, 6, 3, 4, 7, 8));
}
TEST(Zarr3, TheIndexOfAShardMayComeFirst) {
  OneArray a("zarr.json", sharded("start"));
  a.with("c/0/0", index_entry(48, 16) + index_entry(32, 16) + one_to_eight);
  EXPECT_THAT(integers(a.chunk({0, 0})), ElementsAre(5, 6, 1, 2, 7, 8, 3, 4));
}
TEST(Zarr3, AChunkThatAShardLacksIsZero) {
  OneArray a("zarr.json", sharded());
  a.with("c/0/0", one_to_eight + index_entry(UINT64_MAX, UINT64_MAX) + index_entry(0, 16));
  EXPECT_THAT(integers(a.chunk({0, 0})), ElementsAre(0, 0, 1, 2, 0, 0, 3, 4));
}
TEST(Zarr3, OtherFillInShardsIsRefused) {
  OneArray a("zarr.json", sharded("end", "9"));
  a.with("c/0/0", one_to_eight + index_entry(UINT64_MAX, UINT64_MAX) + index_entry(0, 16));
  EXPECT_THAT(a.refusal({0, 0}), HasSubstr("fill value other than 0"));
}
TEST(Zarr3, AnIndexThatPointsOutsideIsRefused) {
  OneArray a("zarr.json", sharded());
  a.with("c/0/0", one_to_eight + index_entry(UINT64_MAX - 8, 16) + index_entry(0, 16));
  EXPECT_THAT(a.refusal({0, 0}), HasSubstr("its index points outside of it"));
}
TEST(Zarr3, AShardThatIsTooShortIsRefused) {
  OneArray a("zarr.json", sharded());
  a.with("c/0/0", "short");
  EXPECT_THAT(a.refusal({0, 0}), HasSubstr("too short for its index"));
}
TEST(Zarr3, ShardsOfTextsMayNotClaimMoreThanTheStoreCanHold) {
  const std::string text =
      R"({"zarr_format": 3, "node_type": "array", "shape": [4], "data_type": "string",)"
      R"( "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1073741824]}},)"
      R"( "chunk_key_encoding": {"name": "default"}, "fill_value": "", "codecs":)"
      R"( [{"name": "sharding_indexed", "configuration": {"chunk_shape": [1073741824],)"
      R"( "codecs": [{"name": "vlen-utf8"}], "index_codecs": [)" +
      little + "]}}]}";
  OneArray a("zarr.json", text);
  a.with("c/0", index_entry(UINT64_MAX, UINT64_MAX));
  EXPECT_THAT(a.refusal({0}), HasSubstr("claims shards of 1073741824 elements"));
}

TEST(Crc32c, IsThatOfRfc3720) {
  // Appendix B.4: 32 bytes of zeros, 32 of ones.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
}

}  // namespace
}  // namespace sicmir::zarr
