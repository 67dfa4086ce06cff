// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Numbers as Redis's INFO has them, and as Prometheus's text exposition format 0.0.4.
#pragma once

#include <cinttypes>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "base/c_locale.h"
#include "larder/stats.h"

namespace larder::stats {

class Text {
 public:
  __attribute__((format(printf, 2, 3))) void line(const char* format, ...) {
    const base::CLocale point;
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    const int size = std::vsnprintf(nullptr, 0, format, arguments);
    va_end(arguments);
    if (size > 0) {
      const std::size_t before = text_.size();
      text_.resize(before + static_cast<std::size_t>(size) + 1);  // and the zero at the end
      std::vsnprintf(text_.data() + before, static_cast<std::size_t>(size) + 1, format, again);
      text_.pop_back();
    }
    va_end(again);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// What would end a line, or the text, in a name of the user's: a space instead.
inline std::string on_one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  return out;
}

// A label's value, with what the format reserves escaped.
inline std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else if (c != '\0') {
      out.push_back(c);
    }
  }
  return out;
}

class Info {
 public:
  void section(const char* name) { text_.line("%s# %s\r\n", first_ ? "" : "\r\n", name), first_ = false; }
  void value(const char* name, const std::string& value) { text_.line("%s:%s\r\n", name, value.c_str()); }
  void number(const char* name, std::uint64_t number) { text_.line("%s:%" PRIu64 "\r\n", name, number); }
  // A number of Larder's own, which Redis does not have.
  void own(std::string_view name, std::uint64_t value) { number(("larder_" + std::string(name)).c_str(), value); }
  void latency(const char* name, const LatencyHistogram& histogram) {
    own(name + std::string("_us_p50"), histogram.quantile_us(0.5));
    own(name + std::string("_us_p99"), histogram.quantile_us(0.99));
    own(name + std::string("_us_max"), histogram.max_us);
  }
  std::string take() { return text_.take(); }

 private:
  Text text_;
  bool first_ = true;
};

class Prometheus {
 public:
  explicit Prometheus(std::string_view cache) : label_("cache=\"" + escaped(cache) + "\"") {}

  void head(const char* name, const char* type, const char* help) {
    text_.line("# HELP larder_%s %s\n", name, help);
    text_.line("# TYPE larder_%s %s\n", name, type);
  }
  void value(const char* name, std::uint64_t number, const std::string& more = {}) {
    text_.line("larder_%s{%s%s%s} %" PRIu64 "\n", name, label_.c_str(), more.empty() ? "" : ",", more.c_str(), number);
  }
  void ratio(const char* name, const std::string& ratio, const std::string& more) {
    text_.line("larder_%s{%s,%s} %s\n", name, label_.c_str(), more.c_str(), ratio.c_str());
  }
  void counter(const char* name, const char* help, std::uint64_t number) {
    const std::string full = name + std::string("_total");
    head(full.c_str(), "counter", help);
    value(full.c_str(), number);
  }
  void gauge(const char* name, const char* help, std::uint64_t number) {
    head(name, "gauge", help);
    value(name, number);
  }
  void latency(const char* name, const char* help, const LatencyHistogram& histogram) {
    head(name, "histogram", help);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < histogram.buckets.size(); ++i) {
      below += histogram.buckets[i];
      text_.line("larder_%s_bucket{%s,le=\"%.10g\"} %" PRIu64 "\n", name, label_.c_str(),
                 static_cast<double>(std::uint64_t{1} << i) / 1e6, below);
    }
    text_.line("larder_%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", name, label_.c_str(), histogram.count);
    text_.line("larder_%s_sum{%s} %.6f\n", name, label_.c_str(), static_cast<double>(histogram.sum_us) / 1e6);
    text_.line("larder_%s_count{%s} %" PRIu64 "\n", name, label_.c_str(), histogram.count);
  }
  std::string take() { return text_.take(); }

 private:
  std::string label_;
  Text text_;
};

}  // namespace larder::stats
