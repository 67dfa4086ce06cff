// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Sizes and policies as a command line has them.
#include "simulator/cache_size.h"

#include <gtest/gtest.h>

#include "simulator/policies.h"

namespace larder::simulator {
namespace {

std::string text_of(const std::string& list, const Footprint& footprint) {
  std::vector<CacheSize> sizes;
  const std::string error = parse_sizes(list, sizes);
  if (!error.empty()) return "error";
  std::string text;
  for (const CacheSize& size : sizes) {
    const auto capacity = capacity_of(size, footprint);
    text += (text.empty() ? "" : " ") + (capacity ? capacity->text() : "none");
  }
  return text;
}

constexpr Footprint kObjects{1'000, std::nullopt};
constexpr Footprint kBytes{1'000, 5'000'000};

TEST(CacheSizeTest, IsInObjectsBytesOrPercent) {
  EXPECT_EQ(text_of("5000,1,10%,0.1%,100%", kObjects), "5000 1 100 1 1000");
  EXPECT_EQ(text_of("5000,10%", kBytes), "5000 500000B");
  EXPECT_EQ(text_of("64MiB,10KB,10kB,1.5KiB,7B,1GB,1GiB", kBytes),
            "67108864B 10000B 10000B 1536B 7B 1000000000B 1073741824B");
  EXPECT_EQ(text_of("64mb,64mib,64MIB,1b,1Gb", kBytes), "64000000B 67108864B 67108864B 1B 1000000000B");
  EXPECT_EQ(text_of(" 1%, 10% ,\t7 .. 9", kObjects).substr(0, 9), "10 100 7 ");
  EXPECT_EQ(text_of("1KB", kObjects), "none");
  EXPECT_EQ(text_of("0.01%", kObjects), "1");  // never nothing
  EXPECT_EQ(text_of("10%", {30, std::nullopt}), "3");
}

TEST(CacheSizeTest, RangesAreSizesInEqualRatios) {
  EXPECT_EQ(text_of("1..2048", kObjects), "1 2 4 8 16 32 64 128 256 512 1024 2048");
  EXPECT_EQ(text_of("1KiB..2MiB", kBytes),
            "1024B 2048B 4096B 8192B 16384B 32768B 65536B 131072B 262144B 524288B 1048576B 2097152B");
  EXPECT_EQ(text_of("10%..100%", kObjects).substr(0, 4), "100 ");
}

TEST(CacheSizeTest, RefusesWhatIsNone) {
  for (const char* text : {"",        ",",    "5000,", "x",      "-1",   "0",      "0%",     "1.5",
                           "10 MB",   "10XB", "64M",   "64m",    "10.0", "+5",     "0x10",   "1e3",
                           "%",       "1..",  "..5",   "5..1",   "1..1", "1%..50", "1KB..5", "99999999999999999",
                           "1..2..3", "1.",   ".5%",   "1.2.3%", "inf",  "nan"}) {
    EXPECT_EQ(text_of(text, kBytes), "error") << text;
  }
}

TEST(CacheSizeTest, SaysWhichFormsThereAre) {
  std::vector<CacheSize> sizes;
  const std::string error = parse_sizes("5000,64M", sizes);
  for (const char* word : {"64M is no size", "5000 (objects)", "KiB, MiB", "B, KB", "10%", "1%..50%"}) {
    EXPECT_NE(error.find(word), std::string::npos) << error;
  }
  for (const char* list : {"1%,", "", ", 1%", "1%, ,2%"}) {
    EXPECT_EQ(parse_sizes(list, sizes).substr(0, 22), "there is an empty size") << list;
  }
}

std::string names_of(const std::string& list) {
  std::vector<Policy> policies;
  if (const std::string error = parse_policies(list, policies); !error.empty()) return "error: " + error;
  std::string text;
  for (const Policy& policy : policies) text += (text.empty() ? "" : " ") + policy.name;
  return text;
}

TEST(PoliciesTest, AreThoseOfTheEngineAndTwoThatKnowTheTrace) {
  EXPECT_EQ(names_of("lru,s3-fifo,belady,belady-size"), "lru s3-fifo belady belady-size");
  for (const std::string_view name : Eviction::names()) EXPECT_EQ(names_of(std::string(name)), name);
}

TEST(PoliciesTest, APieceWithoutANameBelongsToThePolicyBeforeIt) {
  EXPECT_EQ(names_of("s3-fifo:ghost=0.9,small=0.2,lru"), "s3-fifo:ghost=0.9,small=0.2 lru");
  EXPECT_EQ(names_of("s3-fifo:ghost=0,s3-fifo:promote=1"), "s3-fifo:ghost=0 s3-fifo:promote=1");
}

TEST(PoliciesTest, SpacesDoNotCountAndANameCountsOnce) {
  EXPECT_EQ(names_of("lru, arc ,\tlru,belady,s3-fifo:ghost=0, small=0.2, belady"),
            "lru arc belady s3-fifo:ghost=0,small=0.2");
}

TEST(PoliciesTest, SaysWhyOneIsRefused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"lru,", "there is an empty policy"},
      {"belady:x=1", "belady has no parameters, and was given \"x=1\""},
      {"belady-size:", "belady-size has no parameters"},
      {"lru:x=1", "it has no parameters"},
      {"lru-ttl", "it evicts only what has a time to live"},
      {"s3-fifo-ttl:ghost=1", "is not simulated: it evicts only"},
      {"none", "is not simulated: there are "}};
  for (const auto& [list, part] : cases) EXPECT_NE(names_of(list).find(part), std::string::npos) << names_of(list);
}

TEST(PoliciesTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "lru,", "what", "none", "lru-ttl", "lru:x=1", "s3-fifo:", "s3-fifo:x=1", "s3-fifo:ghost",
        "s3-fifo:ghost=", "s3-fifo:ghost=-1", "s3-fifo:ghost=nan", "s3-fifo:small=2", "s3-fifo:promote=1.5",
        "s3-fifo:promote=2.0", "s3-fifo:ghost=1e0", "ghost=1", "lru,ghost=1"}) {
    EXPECT_EQ(names_of(text).substr(0, 6), "error:") << text;
  }
}

}  // namespace
}  // namespace larder::simulator
