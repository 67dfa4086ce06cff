// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <locale.h>

namespace larder::base {

// While it lives, numbers of this thread have a point and no comma, whatever the host program has set.
class CLocale {
 public:
  CLocale() noexcept : before_(uselocale(plain())) {}
  ~CLocale() { uselocale(before_); }
  CLocale(const CLocale&) = delete;
  CLocale& operator=(const CLocale&) = delete;

 private:
  static locale_t plain() noexcept {
    static const locale_t locale = newlocale(LC_ALL_MASK, "C", locale_t{});
    return locale;
  }
  locale_t before_;
};

}  // namespace larder::base
