// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Random ranks by Zipf's law: rank i, counted from 0, comes up with a probability proportional to 1 / (i + 1)^exponent.
//
// Rejection-inversion (W. Hörmann, G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
// distributions", ACM TOMACS 6(3), 1996): exact for any exponent, no table whatever n is, a little over one try a draw,
// 30 to 60 ns. Not the method of Gray et al. that YCSB uses, which is only approximate beyond the first two ranks.
//
// Ranks are in order of popularity. Who makes keys of them scrambles them first (Scramble in keys.h), or the popular
// keys lie side by side. Thread safety: one generator per thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

namespace larder::bench {

class Zipf {
 public:
  static constexpr double kExponent = 0.99;  // of YCSB, and of most published figures on caches

  // REQUIRES: n > 0, exponent >= 0. An exponent of 0 is the uniform distribution.
  explicit Zipf(std::uint64_t n, double exponent = kExponent, std::uint64_t seed = 1)
      : n_(static_cast<double>(n)),
        exponent_(exponent),
        area_first_(area(1.5) - 1.0),
        area_all_(area(n_ + 0.5)),
        shortcut_(2.0 - area_inverse(area(2.5) - weight(2.0))),
        random_(seed) {}

  // 0 to n - 1.
  std::uint64_t next() {
    for (;;) {
      const double u = area_all_ + unit() * (area_first_ - area_all_);
      const double x = area_inverse(u);
      const double k = std::clamp(std::floor(x + 0.5), 1.0, n_);
      if (k - x <= shortcut_ || u >= area(k + 0.5) - weight(k)) return static_cast<std::uint64_t>(k) - 1;
    }
  }

  // Which part of all draws falls on the `ranks` most popular ranks. No cache of that many entries has a better hit
  // ratio unless it knows the future. O(n), once per call.
  double share_of_top(std::uint64_t ranks) const {
    const auto n = static_cast<std::uint64_t>(n_);
    double top = 0;
    double all = 0;
    for (std::uint64_t rank = n; rank > 0; --rank) {  // the small ones first, for the sake of rounding
      const double probability = weight(static_cast<double>(rank));
      all += probability;
      if (rank <= ranks) top += probability;
    }
    return top / all;
  }

 private:
  // x^-exponent, and the area under it up to x (but for a constant) with its inverse, all steady around exponent 1.
  double weight(double x) const { return std::exp(-exponent_ * std::log(x)); }
  double area(double x) const {
    const double log_x = std::log(x);
    const double t = (1.0 - exponent_) * log_x;
    return log_x * (std::abs(t) > 1e-8 ? std::expm1(t) / t : 1.0 + t / 2.0);
  }
  double area_inverse(double a) const {
    const double t = std::max(a * (1.0 - exponent_), -1.0);
    return std::exp(a * (std::abs(t) > 1e-8 ? std::log1p(t) / t : 1.0 - t / 2.0));
  }
  // 0 (included) to 1 (excluded). Not std::uniform_real_distribution: the same everywhere.
  double unit() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  double n_;
  double exponent_;
  double area_first_;
  double area_all_;
  double shortcut_;
  std::mt19937_64 random_;
};

}  // namespace larder::bench
