// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Each format of traces but LTRC and lines of keys, which trace_test.cc has; how they are told apart; zstd; and
// whatever bytes there are: nothing crashes.
#include <gtest/gtest.h>

#if LARDER_SIMULATOR_ZSTD
#include <zstd.h>
#endif

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "simulator/trace.h"
#include "support/depth.h"

namespace larder::simulator {
namespace {

using Column = std::vector<std::uint32_t>;
using Op = Trace::Op;

Trace parsed(const std::string& bytes, const TraceOptions& options = {}, const std::string& name = "some.trace") {
  TraceResult result = parse_trace(bytes, name, options);
  EXPECT_TRUE(result) << result.error;
  return result ? *std::move(result.trace) : Trace();
}

void expect_error(const std::string& bytes, const std::string& part, const TraceOptions& options = {}) {
  const TraceResult result = parse_trace(bytes, "some.trace", options);
  EXPECT_FALSE(result) << part;
  EXPECT_TRUE(result.error.starts_with("some.trace: ")) << result.error;
  EXPECT_NE(result.error.find(part), std::string::npos) << "got: " << result.error << "\nwanted: " << part;
  EXPECT_EQ(result.error.find('\n'), std::string::npos);
}

std::string record(std::uint32_t time, std::uint64_t object, std::uint32_t size) {
  std::string bytes;
  const auto put = [&](std::uint64_t number, int count) {
    for (int i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
  };
  put(time, 4);
  put(object, 8);
  put(size, 4);
  put(~std::uint64_t{0}, 8);
  return bytes;
}

TEST(CsvTest, FindsColumnsByTheirNames) {
  const Trace trace = parsed("time,op,key,size,ttl\n1,get,a,10,5\n2.5,SET,b,20,\n3,del,a,,-1\n");
  EXPECT_EQ(trace.format, Trace::Format::kCsv);
  EXPECT_EQ(trace.ids, (Column{0, 1, 0}));
  EXPECT_EQ(trace.objects, 2u);
  EXPECT_EQ(trace.sizes, (Column{10, 20, 0}));
  EXPECT_EQ(trace.ops, (std::vector<Op>{Op::kGet, Op::kSet, Op::kDelete}));
  ASSERT_EQ(trace.moments.size(), 3u);
  EXPECT_EQ(trace.moments[0].now_ms, 1'000u);
  EXPECT_EQ(trace.moments[0].ttl_ms, 5'000u);
  EXPECT_EQ(trace.moments[1].now_ms, 2'500u);
  EXPECT_EQ(trace.moments[1].ttl_ms, 0u);
  EXPECT_EQ(trace.moments[2].ttl_ms, 0u);
}

TEST(CsvTest, TakesTheNamesThatOthersUseAndOtherDelimiters) {
  EXPECT_EQ(parsed("\xef\xbb\xbf"
                   "timestamp;Obj_ID;obj_size\r\n1;x;7\r\n2;y;8\r\n")
                .sizes,
            (Column{7, 8}));
  EXPECT_EQ(parsed("id\tsize\nx y\t7\n").sizes, (Column{7}));
  EXPECT_EQ(parsed("clock_time, id, size\n1, x, 7\n1, x, 7\n").ids, (Column{0, 0}));
  EXPECT_TRUE(parsed("time,key\n1,a\n").moments.empty());      // times alone change nothing
  EXPECT_EQ(parsed("Key\na\nb\na\n").ids, (Column{0, 1, 0}));  // one column
}

TEST(CsvTest, ATimeToLiveOf0IsNone) {
  const Trace trace = parsed("key,time,ttl\na,1,0\na,1,0.0\na,1,-1\na,1,\na,1,0.0001\na,1,0.25\n");
  std::vector<std::uint64_t> ttls;
  for (const Trace::Moment& moment : trace.moments) ttls.push_back(moment.ttl_ms);
  EXPECT_EQ(ttls, (std::vector<std::uint64_t>{0, 0, 0, 0, 1, 250}));
}

TEST(CsvTest, FieldsInQuotesHaveDelimiters) {
  const Trace trace = parsed("key,size\n\"a,b\",1\n\"a\"\"b\",2\na,3\n\"a,b\",4\n");
  EXPECT_EQ(trace.ids, (Column{0, 1, 2, 0}));
  EXPECT_EQ(trace.sizes, (Column{1, 2, 3, 4}));
}

TEST(CsvTest, ColumnsMayBeGivenByNumberOrName) {
  EXPECT_EQ(parsed("1,a,5\n2,b,6\n", {.columns = "time=1,key=2,size=3"}).ids, (Column{0, 1}));
  EXPECT_EQ(parsed("when,what,long\n1,a,5\n", {.columns = "time=1,key=2,size=3"}).ids, (Column{0}));
  EXPECT_EQ(parsed("when,what,long\n1,a,5\n", {.columns = "key=what,size=long"}).sizes, (Column{5}));
  EXPECT_EQ(parsed("a\nb\na\n", {.columns = "key=1"}).ids, (Column{0, 1, 0}));
  EXPECT_EQ(parsed("a b\n", {.columns = "key=2"}).ids, (Column{0}));
}

TEST(CsvTest, ColumnsThatAreNotGivenAreFoundByTheirNames) {
  const std::string rows = "time,url,size,op,ttl\n1,a,5,get,9\n2,b,6,set,\n";
  for (const std::string columns : {"key=url", "key=2", "key=2,time=1"}) {
    const Trace trace = parsed(rows, {.columns = columns});
    EXPECT_EQ(trace.ids, (Column{0, 1})) << columns;
    EXPECT_EQ(trace.sizes, (Column{5, 6}));
    EXPECT_EQ(trace.ops, (std::vector<Op>{Op::kGet, Op::kSet}));
    EXPECT_EQ(trace.moments.size(), 2u);
  }
  // 0 leaves one out, and what was given is not looked for.
  const Trace some = parsed(rows, {.columns = "key=url,op=0,ttl=0,size=time"});
  EXPECT_EQ(some.sizes, (Column{1, 2}));
  EXPECT_TRUE(some.ops.empty());
  EXPECT_TRUE(some.moments.empty());
  EXPECT_EQ(parsed("key,id,size\na,x,1\na,y,2\n", {.columns = "key=id"}).ids, (Column{0, 1}));
  EXPECT_TRUE(parsed("key,size\na,1\n", {.columns = "key=size"}).sizes.empty());
  EXPECT_EQ(parsed("url,OP\na,get\n", {.columns = "key=1"}).ops, (std::vector<Op>{Op::kGet}));
  // A first line that is a request names nothing.
  EXPECT_TRUE(parsed("5,size\n6,b\n", {.columns = "size=1,key=2"}).ops.empty());
}

TEST(CsvTest, SaysWhatIsWrongAndWhere) {
  expect_error("key,size\na,1\nb\n", "line 3 has 1 column, and 2 are wanted: \"b\"");
  expect_error("key,size\na,x\n", "line 2 has a size that is not a whole number of bytes below 2^32: \"x\"");
  expect_error("key,size\na,4294967296\n", "below 2^32");
  expect_error("key,size\na,-1\n", "below 2^32");
  expect_error("key,size\na,\n", "line 2 has a size");
  expect_error("key,size\n,1\n", "line 2 has no key");
  expect_error("key,op\na,get\na,frob\n", "line 3 has an op that is not get, set, delete");
  expect_error("key,time,ttl\na,soon,1\n", "line 2 has a time that is not a number of seconds: \"soon\"");
  expect_error("key,time,ttl\na,1,1e9\n", "line 2 has a ttl");
  expect_error("key,time,ttl\na,1,5.\n", "line 2 has a ttl");
  expect_error("key,size\na,10.0\n", "not a whole number of bytes");
  expect_error("key,ttl\na,1\n", "has a column ttl and none of times");
  expect_error("key,id\na,1\n", "two columns for key: say which by --columns key=NAME");
  expect_error("a,1\n", "columns has key twice", {.columns = "key=1,key=2"});
  expect_error("key,ttl\na,1\n", "ttl=0 leaves ttl out", {.columns = "key=key"});
  expect_error("key,size\n", "holds no request");
  expect_error("key\n", "holds no request");
  expect_error("url,bytes\na,1\n",
               "no column of keys: the first line has \"url\", \"bytes\", and keys are in a column key, id");
  expect_error("url,what\na,1\n", "say --input-format keys");
  expect_error("a,1,2,3,4,5,6,7,8\n", "\"7\", ..., and");
  expect_error("key,size\na,1\n\"b\nc\",2\n", "line 3 has a quote that is not closed in that line");
  expect_error("key,remark\na,x\nb,\"y\nz\"\n", "line 3 has a quote that is not closed");
  expect_error("key,\"size\na,1\n", "line 1 has a quote");
  expect_error("a,1\n", "has no column \"what\" in its first line: \"a,1\"", {.columns = "key=what"});
  expect_error("a,1\n", "has no column of keys", {.columns = "key=0"});
  expect_error("a,1\n", "has no column \"1001\"", {.columns = "key=1001"});
  expect_error("a,1\n", "columns are given as", {.columns = "keys=1"});
  expect_error("a,1\n", "columns are given as", {.columns = "key"});
  expect_error("key,size\na,1\nb,2\n", "more than 1 requests", {.requests_max = 1});
}

TEST(LisTest, AsksForConsecutiveBlocks) {
  const Trace trace = parsed("10 3 0 1\n11 1 0 2\n\n 9\t2 0 3 \n");
  EXPECT_EQ(trace.format, Trace::Format::kLis);
  EXPECT_EQ(trace.ids, (Column{0, 1, 2, 1, 3, 0}));
  EXPECT_EQ(trace.objects, 4u);
  EXPECT_TRUE(trace.sizes.empty());
}

TEST(LisTest, SaysWhatIsWrongAndWhere) {
  expect_error("1 1 0 0\n1 1 0\n", "line 2 is not four whole numbers");
  expect_error("1 1 0 0\nx\n", "line 2 is not four whole numbers");
  expect_error("1 1 0 0\n1 1 0 0 0\n", "line 2 is not four whole numbers");
  expect_error("1 18446744073709551615 0 0\n", "line 1 asks for more than 1048576 blocks");
  expect_error("18446744073709551615 2 0 0\n", "beyond 2^64");
  expect_error("1 1000 0 0\n", "more than 100 requests", {.requests_max = 100});
  expect_error("1 0 0 0\n", "holds no request");
}

TEST(OracleGeneralTest, IsReadByItsNameOrOnDemand) {
  const std::string bytes = record(1, 1ull << 40, 100) + record(2, 7, 200) + record(3, 1ull << 40, 100);
  for (const std::string name :
       {"a.oracleGeneral", "a.oracleGeneral.bin", "a.oracleGeneral.zst", "a.ORACLEgeneral.gz"}) {
    const Trace trace = parsed(bytes, {}, name);
    EXPECT_EQ(trace.format, Trace::Format::kOracleGeneral);
    EXPECT_EQ(trace.ids, (Column{0, 1, 0}));
    EXPECT_EQ(trace.sizes, (Column{100, 200, 100}));
  }
  EXPECT_EQ(parsed(bytes, {.format = Trace::Format::kOracleGeneral}).ids.size(), 3u);
  expect_error(bytes, "neither the magic \"LTRC\"");
  expect_error(bytes, "if it is libCacheSim's oracleGeneral, say --input-format oracle-general");
  expect_error(bytes.substr(0, 50), "is truncated: 2 bytes after its last whole record",
               {.format = Trace::Format::kOracleGeneral});
  expect_error(bytes, "more than 2 requests", {.requests_max = 2, .format = Trace::Format::kOracleGeneral});
}

TEST(TraceFormatTest, TextThatLooksLikeNothingElseIsKeys) {
  EXPECT_EQ(parsed("key\na\nb\n", {.format = Trace::Format::kKeys}).ids, (Column{0, 1, 2}));
  EXPECT_EQ(parsed("user:1,x\nuser:2,x\n", {.format = Trace::Format::kKeys}).ids, (Column{0, 1}));
  EXPECT_EQ(parsed("1 2 3\n1 2 3\n").ids, (Column{0, 0}));
  EXPECT_EQ(parsed("1 2 3 4\n1 2 3 4\n", {.format = Trace::Format::kKeys}).ids, (Column{0, 0}));
  for (const std::string_view name : {"ltrc", "keys", "csv", "lis", "oracle-general"}) {
    ASSERT_TRUE(format_named(name));
    EXPECT_EQ(name_of(*format_named(name)), name);
  }
  EXPECT_FALSE(format_named("other"));
}

#if LARDER_SIMULATOR_ZSTD
std::string zstd(const std::string& bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
  return packed;
}

TEST(ZstdTest, IsUnpackedWhateverTheFileIsCalled) {
  const Trace trace = parsed(zstd("key,size\na,1\n") + zstd("b,2\n"));
  EXPECT_EQ(trace.packing, Trace::Packing::kZstd);
  EXPECT_EQ(description_of(trace), "csv, zstd");
  EXPECT_EQ(trace.ids, (Column{0, 1}));
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += std::to_string(i % 1'000) + "\n";
  EXPECT_EQ(parsed(zstd(many)).ids.size(), 100'000u);
}

TEST(ZstdTest, RefusesDamageAndTruncation) {
  const std::string packed = zstd("a\nb\nc\na\n");
  for (std::size_t length = 4; length < packed.size(); ++length) expect_error(packed.substr(0, length), "is truncated");
  expect_error(packed + "more", "damaged zstd");
  expect_error(zstd(std::string(1 << 20, '\n')), "more than 100000 bytes after unpacking", {.bytes_max = 100'000});
}
#endif

TEST(TraceFormatTest, SurvivesAnyBytes) {
  const std::uint64_t seed = support::seed(1);
  SCOPED_TRACE(support::how_to_repeat(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> whole = {"time,op,key,size,ttl\n1,get,\"a,b\",10,5\n2.5,set,b,20,\n3,del,a,,-1\n",
                                          "10 3 0 1\n11 1 0 2\n\n 9\t2 0 3 \n",
                                          record(1, 5, 100) + record(2, 7, 200),
                                          "key,size\na,1\nb,2\na,1\n",
                                          "\x28\xb5\x2f\xfd\x20",
                                          "\x1f\x8b\x08",
                                          "",
                                          std::string(1'000, 'x')};
  for (std::uint64_t round = support::count(5'000, 500'000); round > 0; --round) {
    std::string bytes = whole[random() % whole.size()];
    if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 10));
    for (std::uint64_t hits = bytes.empty() ? 0 : random() % 8; hits > 0; --hits) {
      bytes[random() % bytes.size()] = random() % 3 == 0 ? "\n,\" 0:="[random() % 7] : static_cast<char>(random());
    }
    TraceOptions options{.requests_max = 1'000, .bytes_max = 1 << 20, .line_bytes_max = 1'000};
    if (random() % 2 == 0) options.format = static_cast<Trace::Format>(random() % 5);
    if (random() % 4 == 0) options.columns = "key=" + std::to_string(random() % 6) + ",size=2";
    const TraceResult result = parse_trace(bytes, random() % 2 == 0 ? "a" : "a.oracleGeneral", options);
    if (!result) {
      ASSERT_FALSE(result.error.empty());
      continue;
    }
    const Trace& trace = *result.trace;
    ASSERT_LE(trace.ids.size(), 1'000u);
    for (const std::uint32_t id : trace.ids) ASSERT_LT(id, trace.objects);
    for (const std::size_t size : {trace.sizes.size(), trace.ops.size(), trace.moments.size()}) {
      ASSERT_TRUE(size == 0 || size == trace.ids.size());
    }
  }
}

}  // namespace
}  // namespace larder::simulator
