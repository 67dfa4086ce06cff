// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The trace reader: both formats, packed and not, and what it says about files that are not what they claim to be.
#include "simulator/trace.h"
#include "support/public_traces.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace larder::simulator {
namespace {

using Column = std::vector<std::uint32_t>;

void put_32(std::string& bytes, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(number >> shift & 0xff);
}

void put_64(std::string& bytes, std::uint64_t number) {
  put_32(bytes, static_cast<std::uint32_t>(number));
  put_32(bytes, static_cast<std::uint32_t>(number >> 32));
}

// A header as a file may have it, right or wrong.
struct Header {
  std::string magic = "LTRC";
  std::uint32_t version = 1;
  std::uint32_t flags = 0;
  std::uint32_t reserved = 0;
  std::uint64_t requests = 0;
  std::uint64_t objects = 0;
};

std::string columns(const Header& header, const std::vector<Column>& columns) {
  std::string bytes = header.magic;
  put_32(bytes, header.version);
  put_32(bytes, header.flags);
  put_32(bytes, header.reserved);
  put_64(bytes, header.requests);
  put_64(bytes, header.objects);
  for (const Column& column : columns) {
    for (const std::uint32_t number : column) put_32(bytes, number);
  }
  return bytes;
}

std::string small_columns() {
  return columns({.flags = 3, .requests = 5, .objects = 3}, {{0, 1, 0, 2, 1}, {10, 20, 10, 30, 20}, {1, 2, 3, 4, 5}});
}

std::string gzip(const std::string& bytes) {
  z_stream deflater{};
  EXPECT_EQ(deflateInit2(&deflater, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&deflater, bytes.size()) + 64, '\0');
  std::string input = bytes;  // zlib wants it writable
  deflater.next_in = reinterpret_cast<Bytef*>(input.data());
  deflater.avail_in = static_cast<uInt>(input.size());
  deflater.next_out = reinterpret_cast<Bytef*>(packed.data());
  deflater.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&deflater, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - deflater.avail_out);
  deflateEnd(&deflater);
  return packed;
}

void expect_error(const std::string& bytes, const std::string& part, const TraceOptions& limits = {}) {
  const TraceResult result = parse_trace(bytes, "some.trace", limits);
  EXPECT_FALSE(result);
  EXPECT_TRUE(result.error.starts_with("some.trace: ")) << result.error;
  EXPECT_NE(result.error.find(part), std::string::npos) << "got: " << result.error << "\nwanted: " << part;
}

TEST(TraceTest, ReadsColumnsWithSizesAndPassesOverTimes) {
  const TraceResult result = parse_trace(small_columns());
  ASSERT_TRUE(result) << result.error;
  EXPECT_EQ(result.trace->format, Trace::Format::kLtrc);
  EXPECT_EQ(result.trace->packing, Trace::Packing::kNone);
  EXPECT_EQ(result.trace->objects, 3u);
  EXPECT_EQ(result.trace->ids, (Column{0, 1, 0, 2, 1}));
  EXPECT_EQ(result.trace->sizes, (Column{10, 20, 10, 30, 20}));
}

TEST(TraceTest, ReadsColumnsOfIdsAlone) {
  const TraceResult result = parse_trace(columns({.requests = 2, .objects = 1}, {{0, 0}}));
  ASSERT_TRUE(result) << result.error;
  EXPECT_EQ(result.trace->ids, (Column{0, 0}));
  EXPECT_TRUE(result.trace->sizes.empty());
}

TEST(TraceTest, PassesOverTimesWithoutSizes) {
  const TraceResult result = parse_trace(columns({.flags = 2, .requests = 2, .objects = 1}, {{0, 0}, {7, 9}}));
  ASSERT_TRUE(result) << result.error;
  EXPECT_TRUE(result.trace->sizes.empty());
  EXPECT_EQ(result.trace->ids.size(), 2u);
}

TEST(TraceTest, UnpacksGzipWhateverTheFileIsCalled) {
  const TraceResult result = parse_trace(gzip(small_columns()), "called.txt");
  ASSERT_TRUE(result) << result.error;
  EXPECT_EQ(result.trace->packing, Trace::Packing::kGzip);
  EXPECT_EQ(result.trace->format, Trace::Format::kLtrc);
  EXPECT_EQ(result.trace->ids, (Column{0, 1, 0, 2, 1}));
}

TEST(TraceTest, NumbersTheKeysOfATextInOrderOfAppearance) {
  const TraceResult result = parse_trace("pear\napple\r\n\npear\nf\xc3\xb6hn\napple");
  ASSERT_TRUE(result) << result.error;
  EXPECT_EQ(result.trace->format, Trace::Format::kKeys);
  EXPECT_EQ(result.trace->objects, 3u);
  EXPECT_EQ(result.trace->ids, (Column{0, 1, 0, 2, 1}));
}

TEST(TraceTest, ReadsPackedTextOfSeveralGzipMembers) {
  const TraceResult result = parse_trace(gzip("a\nb\n") + gzip("a\nc\n"));
  ASSERT_TRUE(result) << result.error;
  EXPECT_EQ(result.trace->packing, Trace::Packing::kGzip);
  EXPECT_EQ(result.trace->ids, (Column{0, 1, 0, 2}));
}

TEST(TraceTest, ReadsALineThatCrossesBlocks) {
  const std::string key(40'000, 'k');
  const TraceResult result = parse_trace(key + "\n" + key + "\n" + key + "x\n" + key);
  ASSERT_TRUE(result) << result.error;
  EXPECT_EQ(result.trace->ids, (Column{0, 0, 1, 0}));
}

TEST(TraceTest, TakesTheMagicAsAKeyWhereTextFollows) {
  const TraceResult result = parse_trace("LTRC\nLTRC1\nLTRC");
  ASSERT_TRUE(result) << result.error;
  EXPECT_EQ(result.trace->ids, (Column{0, 1, 0}));
}

TEST(TraceTest, RefusesWhatIsNoTrace) {
  expect_error("", "holds no request");
  expect_error("\n\n\r\n", "holds no request");
  expect_error(columns({}, {}), "holds no request");
  expect_error(gzip(""), "holds no request");
  expect_error(columns({.magic = "LTRX", .requests = 1, .objects = 1}, {{0}}), "neither the magic \"LTRC\"");
  expect_error(std::string("a\nb\0c\n", 6), "a byte 0 at offset 3");
}

TEST(TraceTest, SaysWhatIsWrongWithAHeader) {
  expect_error(columns({.version = 2}, {}), "version 2");
  expect_error(columns({.flags = 4}, {}), "flags 4");
  expect_error(columns({.reserved = 1}, {}), "reserved");
  expect_error(columns({.requests = 1, .objects = 2}, {{0}}), "2 distinct objects in 1 requests");
}

TEST(TraceTest, BelievesNoCountInAHeader) {
  expect_error(columns({.requests = UINT64_MAX, .objects = 1}, {{0}}), "overflows");
  expect_error(columns({.requests = std::uint64_t{1} << 62, .objects = 1}, {{0}}), "overflows");
  expect_error(columns({.requests = std::uint64_t{1} << 40, .objects = 1}, {{0}}), "the limit is 200000000");
  // Within the limits, and more than there is: nothing is set aside for it.
  expect_error(columns({.requests = 199'999'999, .objects = 199'999'999}, {{0, 1}}), "ids has 2 of 199999999");
  // A limit above what an id can number is lowered to that.
  expect_error(columns({.requests = std::uint64_t{1} << 33, .objects = 1}, {{0}}), "the limit is 4294967295",
               {.requests_max = UINT64_MAX});
}

TEST(TraceTest, SaysWhatIsWrongWithIds) {
  expect_error(columns({.requests = 2, .objects = 2}, {{0, 5}}), "id 5 at request 1, out of range");
  expect_error(columns({.requests = 2, .objects = 1}, {{0, 1}}), "id 1 at request 1, out of range");
  expect_error(columns({.requests = 3, .objects = 3}, {{0, 2, 1}}), "id 2 at request 1 before id 1");
  expect_error(columns({.requests = 2, .objects = 2}, {{0, 0}}), "only 1 appear");
}

TEST(TraceTest, RefusesBytesAfterTheEnd) {
  expect_error(small_columns() + "x", "goes on after its last column");
  expect_error(gzip(small_columns()) + "more", "damaged gzip");
}

TEST(TraceTest, RefusesEveryTruncation) {
  const std::string whole = small_columns();
  for (std::size_t length = 5; length < whole.size(); ++length) {
    expect_error(whole.substr(0, length), "is truncated");
  }
  const std::string packed = gzip(whole);
  for (std::size_t length = 2; length < packed.size(); ++length) {
    expect_error(packed.substr(0, length), "is truncated");
  }
}

TEST(TraceTest, RefusesTextsBeyondItsLimits) {
  expect_error("a\nb\nc\n", "more than 2 requests", {.requests_max = 2});
  expect_error("ab\nabcd\n", "line 2 is longer than 3 bytes", {.line_bytes_max = 3});
  expect_error(gzip(std::string(1 << 20, 'a')), "longer than 65535 bytes");
  expect_error(gzip(std::string(1 << 20, '\n')), "more than 100000 bytes after unpacking", {.bytes_max = 100'000});
}

TEST(TraceTest, SurvivesDamage) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> whole = {small_columns(), gzip(small_columns()), gzip("a\nbb\nccc\na\n")};
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes = whole[random() % whole.size()];
    for (std::uint64_t hits = 1 + random() % 4; hits > 0; --hits) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const TraceResult result = parse_trace(bytes, "damaged", {.requests_max = 1'000, .bytes_max = 1 << 20});
    if (!result) {
      EXPECT_FALSE(result.error.empty());
      continue;
    }
    // Whatever it took it for, ids and columns hang together.
    for (const std::uint32_t id : result.trace->ids) ASSERT_LT(id, result.trace->objects);
    ASSERT_TRUE(result.trace->sizes.empty() || result.trace->sizes.size() == result.trace->ids.size());
  }
}

class TraceFileTest : public testing::Test {
 protected:
  TraceFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "larder-trace-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~TraceFileTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::filesystem::path folder_;
};

TEST_F(TraceFileTest, ReadsAFile) {
  const TraceResult result = read_trace(write("keys.bin", gzip(small_columns())));
  ASSERT_TRUE(result) << result.error;
  EXPECT_EQ(result.trace->ids.size(), 5u);
}

TEST_F(TraceFileTest, TellsHowMuchOfAFileItHasRead) {
  std::string keys;
  for (int i = 0; i < 100'000; ++i) keys += "key" + std::to_string(i * 7'919) + "\n";
  for (const std::string& bytes : {keys, gzip(keys)}) {
    std::vector<double> shares;
    ASSERT_TRUE(read_trace(write("keys", bytes), {}, [&](double share) { shares.push_back(share); }));
    EXPECT_GE(shares.size(), bytes.size() / (64 * 1024));
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    EXPECT_NEAR(shares.front(), 65'536.0 / static_cast<double>(bytes.size()), 1e-9);
    EXPECT_EQ(shares.back(), 1);
  }
}

TEST_F(TraceFileTest, SaysWhyAFileCannotBeRead) {
  const std::string absent = (folder_ / "absent").string();
  EXPECT_EQ(read_trace(absent).error, absent + ": cannot be opened: No such file or directory");
  EXPECT_EQ(read_trace(folder_.string()).error, folder_.string() + ": is a directory, not a trace");
  const std::string empty = write("empty", "");
  EXPECT_EQ(read_trace(empty).error, empty + ": holds no request");
}

// What the README of the public traces says of them. Without them a trace of the same shape is made.
TEST_F(TraceFileTest, ReadsThePublicTraces) {
  struct Shape {
    std::size_t requests;
    std::uint32_t objects;
    bool sizes;
  };
  std::map<std::string, Shape> shapes = {{"cdn_adaptsize", {66'987, 36'815, true}},
                                         {"corda_vault", {135'702, 90'468, false}},
                                         {"lirs_multi1", {15'858, 2'606, false}},
                                         {"llmkv_conv", {288'500, 182'790, false}},
                                         {"mix_corda_loop", {635'702, 91'479, false}}};
  const auto found = support::public_traces();
  const std::filesystem::path traces = found.value_or(folder_);
  if (!found) {
    shapes = {{"made", {100'000, 1'000, false}}};
    Column ids(100'000);
    for (std::uint32_t i = 0; i < ids.size(); ++i) ids[i] = i % 1'000;
    write("made.ltrc.gz", gzip(columns({.requests = 100'000, .objects = 1'000}, {ids})));
  }
  for (const auto& [name, shape] : shapes) {
    const TraceResult result = read_trace((traces / (name + ".ltrc.gz")).string());
    ASSERT_TRUE(result) << result.error;
    EXPECT_EQ(result.trace->ids.size(), shape.requests) << name;
    EXPECT_EQ(result.trace->objects, shape.objects) << name;
    EXPECT_EQ(result.trace->sizes.size(), shape.sizes ? shape.requests : 0) << name;
  }
}

}  // namespace
}  // namespace larder::simulator
