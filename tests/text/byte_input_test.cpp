// SPDX-License-Identifier: BSD-3-Clause
#include "text/byte_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

#include "support/source_testing.hpp"
#include "text/line_reader.hpp"

namespace sicmir {
namespace {

using ::testing::AllOf;
using testing::gzip;
using ::testing::HasSubstr;
using testing::message_of;
using ::testing::StartsWith;
using testing::TempFolder;

std::string read_all(const std::string& path, int threads = 1) {
  const auto input = ByteInput::open(path, threads);
  std::string all;
  for (auto bytes = input->next(); !bytes.empty(); bytes = input->next()) {
    all.append(bytes.data(), bytes.size());
  }
  return all;
}

std::string long_text(std::size_t n_lines) {
  std::string text;
  for (std::size_t i = 0; i < n_lines; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  return text;
}

/// BGZF: members with an extra field BC that holds their size, and an empty member at the end (SAM
/// specification, section 4.1.2).
std::string bgzf(const std::string& text, std::size_t piece) {
  const auto member = [](const std::string& part) {
    const std::string plain = gzip(part);
    std::string out = plain.substr(0, 10);
    out[3] = 4;  // FEXTRA
    const std::size_t size = plain.size() + 8 - 1;
    out += std::string("\x06\0BC\x02\0", 6);
    out += static_cast<char>(size & 255);
    out += static_cast<char>(size >> 8);
    return out + plain.substr(10);
  };
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) out += member(text.substr(at, piece));
  return out + member("");
}

TEST(ByteInput, ReadsAPlainFile) {
  const TempFolder folder;
  const std::string text = long_text(300000);
  EXPECT_EQ(read_all(folder.write("a.txt", text)), text);
}

TEST(ByteInput, ReadsAGzipFile) {
  const TempFolder folder;
  const std::string text = long_text(300000);
  const std::string path = folder.write("a.txt", gzip(text));
  EXPECT_EQ(read_all(path), text);
  EXPECT_TRUE(ByteInput::open(path)->is_gzip());
}

TEST(ByteInput, ReadsEveryMemberOfAGzipFile) {
  const TempFolder folder;
  EXPECT_EQ(read_all(folder.write("a", gzip("one\n") + gzip("") + gzip("two\n"))), "one\ntwo\n");
}

TEST(ByteInput, ReadsBgzf) {
  const TempFolder folder;
  const std::string text = long_text(20000);
  EXPECT_EQ(read_all(folder.write("a", bgzf(text, 1000))), text);
}

TEST(ByteInput, DecompressesBgzfInSeveralThreadsInOrder) {
  const TempFolder folder;
  const std::string text = long_text(300000);
  const std::string path = folder.write("a", bgzf(text, 9973));
  for (const int threads : {1, 2, 3, 8}) EXPECT_EQ(read_all(path, threads), text);
  // Nobody needs to read to the end.
  EXPECT_FALSE(ByteInput::open(path, 3)->next().empty());
}

TEST(ByteInput, ReadsPlainMembersAndZerosBehindBgzf) {
  const TempFolder folder;
  const std::string text = long_text(100000);
  const std::string mixed = bgzf(text, 5000) + gzip("tail\n") + bgzf("end\n", 3);
  EXPECT_EQ(read_all(folder.write("a", mixed), 2), text + "tail\nend\n");
  EXPECT_EQ(read_all(folder.write("b", bgzf(text, 5000) + std::string(512, '\0')), 2), text);
}

TEST(ByteInput, NamesThePlaceWhereBgzfIsDamagedOrCutShort) {
  const TempFolder folder;
  const std::string text = long_text(100000);
  const std::string whole = bgzf(text, 5000);
  const std::size_t place = whole.size() / 2;
  std::string damaged = whole;
  damaged[place] = static_cast<char>(damaged[place] ^ 0x55);
  for (const int threads : {1, 3}) {
    const auto message = message_of([&] { (void)read_all(folder.write("a", damaged), threads); });
    EXPECT_THAT(message, HasSubstr("the gzip data are damaged near byte "));
    const std::string_view near = std::string_view(message).substr(message.find("near byte ") + 10);
    EXPECT_NEAR(std::stod(std::string(near)), static_cast<double>(place), 70000.0);
    EXPECT_THAT(
        message_of([&] { (void)read_all(folder.write("b", whole.substr(0, place)), threads); }),
        HasSubstr("the gzip data end too early, at byte " + std::to_string(place)));
    EXPECT_THAT(message_of([&] { (void)read_all(folder.write("c", whole + "words"), threads); }),
                HasSubstr("something that is not gzip follows the gzip data at byte " +
                          std::to_string(whole.size())));
  }
}

TEST(ByteInput, PassesOverZerosBehindGzipData) {
  const TempFolder folder;
  EXPECT_EQ(read_all(folder.write("a", gzip("one\n") + std::string(10240, '\0'))), "one\n");
}

TEST(ByteInput, RefusesATruncatedGzipFileAtEveryLength) {
  const TempFolder folder;
  const std::string whole = gzip(long_text(50));
  for (std::size_t size = 2; size < whole.size(); ++size) {
    const std::string path = folder.write("cut.gz", whole.substr(0, size));
    EXPECT_THAT(message_of([&] { read_all(path); }),
                AllOf(StartsWith("3 " + path),
                      HasSubstr("end too early, at byte " + std::to_string(size) + " ")));
  }
}

TEST(ByteInput, RefusesDamagedGzipData) {
  const TempFolder folder;
  std::string damaged = gzip(long_text(50));
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  EXPECT_THAT(message_of([&] { read_all(folder.write("a.gz", damaged)); }),
              HasSubstr("damaged near byte"));
}

TEST(ByteInput, RefusesAWrongGzipChecksum) {
  const TempFolder folder;
  std::string damaged = gzip("one\n");
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);
  EXPECT_THAT(message_of([&] { read_all(folder.write("a.gz", damaged)); }),
              HasSubstr("incorrect data check"));
}

TEST(ByteInput, RefusesWhatFollowsGzipDataIfItIsNotGzip) {
  const TempFolder folder;
  EXPECT_THAT(message_of([&] { read_all(folder.write("a.gz", gzip("one\n") + "junk")); }),
              HasSubstr("not gzip follows"));
}

TEST(ByteInput, NamesThePathThatDoesNotExist) {
  EXPECT_THAT(message_of([] { (void)ByteInput::open("/nonexistent/x"); }),
              AllOf(StartsWith("3 /nonexistent/x"), HasSubstr("No such file")));
}

TEST(ByteInput, RefusesAFolder) {
  EXPECT_THAT(message_of([] { (void)ByteInput::open("/"); }), HasSubstr("Is a directory"));
}

TEST(ByteInput, PeeksWithoutLosingABytEvenBeyondTheEnd) {
  const TempFolder folder;
  const auto input = ByteInput::open(folder.write("a", "abcdef"));
  EXPECT_EQ(input->peek(2), "ab");
  EXPECT_EQ(input->peek(100), "abcdef");
  const auto bytes = input->next();
  EXPECT_EQ(std::string(bytes.data(), bytes.size()), "abcdef");
  EXPECT_TRUE(input->next().empty());
  EXPECT_TRUE(input->next().empty());
}

TEST(ByteInput, ReadsAFifoOnceFromFrontToBack) {
  const TempFolder folder;
  const std::string path = (folder.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const std::string text = long_text(100000);
  std::thread writer([&] { std::ofstream(path, std::ios::binary) << gzip(text); });
  const auto input = ByteInput::open(path);
  EXPECT_FALSE(input->is_regular_file());
  EXPECT_EQ(input->peek(5), "line ");
  std::string all;
  for (auto bytes = input->next(); !bytes.empty(); bytes = input->next()) {
    all.append(bytes.data(), bytes.size());
  }
  writer.join();
  EXPECT_EQ(all, text);
}

std::vector<std::string> lines_of(const std::string& path) {
  const auto input = ByteInput::open(path);
  LineReader reader(*input);
  std::vector<std::string> lines;
  std::string_view line;
  while (reader.next(line)) {
    EXPECT_TRUE(line.data()[line.size()] == '\n' || line.data()[line.size()] == '\r');
    lines.emplace_back(line);
    EXPECT_EQ(reader.number(), lines.size());
  }
  return lines;
}

TEST(LineReader, TakesBothKindsOfLineEnds) {
  const TempFolder folder;
  EXPECT_THAT(lines_of(folder.write("a", "a\nb\r\n\r\nc\n")),
              ::testing::ElementsAre("a", "b", "", "c"));
}

TEST(LineReader, TakesALastLineWithoutEnd) {
  const TempFolder folder;
  EXPECT_THAT(lines_of(folder.write("a", "a\nb")), ::testing::ElementsAre("a", "b"));
  EXPECT_THAT(lines_of(folder.write("b", "a\nb\r")), ::testing::ElementsAre("a", "b"));
}

TEST(LineReader, DropsAByteOrderMark) {
  const TempFolder folder;
  EXPECT_THAT(lines_of(folder.write("a", "\xef\xbb\xbfgene\nb\n")),
              ::testing::ElementsAre("gene", "b"));
}

TEST(LineReader, ReadsNothingFromNothing) {
  const TempFolder folder;
  EXPECT_TRUE(lines_of(folder.write("a", "")).empty());
}

TEST(LineReader, JoinsLinesAcrossBuffers) {
  const TempFolder folder;
  std::string text;
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 40; ++i) {
    expected.emplace_back(i * 9973 + 1, static_cast<char>('a' + i % 26));
    text += expected.back() + "\n";
  }
  EXPECT_EQ(lines_of(folder.write("a", text)), expected);
  EXPECT_EQ(lines_of(folder.write("a.gz", gzip(text))), expected);
}

}  // namespace
}  // namespace sicmir
