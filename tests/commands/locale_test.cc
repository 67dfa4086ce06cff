// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The host program's locale must not change what a value is.
#include <gtest/gtest.h>

#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "larder/cache.h"

namespace larder::commands {
namespace {

// A locale with a comma in its numbers, made for this test by localedef.
class GermanLocale {
 public:
  GermanLocale() : folder_(std::filesystem::temp_directory_path() / ("larder_locale_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    const std::string make = "localedef -i de_DE -f UTF-8 '" + (folder_ / "de_DE.UTF-8").string() + "' >/dev/null 2>&1";
    made_ = std::system(make.c_str()) == 0;
    ::setenv("LOCPATH", folder_.c_str(), 1);
    made_ = made_ && std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  }
  ~GermanLocale() {
    std::setlocale(LC_ALL, "C");
    ::unsetenv("LOCPATH");
    std::filesystem::remove_all(folder_);
  }
  bool made() const { return made_; }

 private:
  std::filesystem::path folder_;
  bool made_ = false;
};

TEST(HostLocale, ChangesNoNumber) {
  const GermanLocale german;
  ASSERT_TRUE(german.made()) << "localedef could not make de_DE.UTF-8 (Debian: package locales)";
  ASSERT_STREQ(std::localeconv()->decimal_point, ",");
  Cache cache;
  ASSERT_TRUE(cache.set("f", "1.5").ok());
  EXPECT_EQ(cache.incr_by_float("f", 0.25L).value_or(""), "1.75");
  EXPECT_EQ(cache.incr_by_float("new", 0.5L).value_or(""), "0.5");
  ASSERT_TRUE(cache.set("comma", "1,5").ok());
  EXPECT_EQ(cache.incr_by_float("comma", 1).status().code(), ErrorCode::kNotAFloat);
  Stats stats = cache.stats();
  stats.load_latency.count = 1;
  stats.load_latency.sum_us = 1'500'000;
  EXPECT_NE(stats.to_prometheus().find("larder_load_seconds_sum{cache=\"default\"} 1.500000\n"), std::string::npos);
  EXPECT_NE(stats.to_prometheus().find("le=\"0.001024\""), std::string::npos);
  EXPECT_NE(stats.to_redis_info().find("maxmemory_human:256.00M\r\n"), std::string::npos);
}

}  // namespace
}  // namespace larder::commands
