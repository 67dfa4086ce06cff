// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace larder::base {

// One bit for each of eight words that is this one, the first word's the lowest. REQUIRES: aligned to 16 bytes.
// `of`: the bits that matter.
inline unsigned match8(const std::uint16_t* words, std::uint16_t wanted, std::uint16_t of = 0xffff) noexcept {
#if defined(__SSE2__)
  __m128i all = _mm_load_si128(reinterpret_cast<const __m128i*>(words));
  if (of != 0xffff) all = _mm_and_si128(all, _mm_set1_epi32(static_cast<int>(of * 0x10001u)));
  // Not _mm_set1_epi16: with few registers left, g++ sends its 2 bytes through memory and reads 4, which stalls.
  const __m128i wanted_everywhere = _mm_set1_epi32(static_cast<int>(wanted * 0x10001u));
  const __m128i same = _mm_cmpeq_epi16(all, wanted_everywhere);
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128())));
#else
  unsigned mask = 0;
  for (unsigned i = 0; i < 8; ++i) mask |= static_cast<unsigned>((words[i] & of) == wanted) << i;
  return mask;
#endif
}

// One bit for each of sixteen bytes that is this one, the first byte's the lowest.
inline unsigned match16(const char* bytes, std::uint8_t wanted) noexcept {
#if defined(__SSE2__)
  const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i same = _mm_cmpeq_epi8(all, _mm_set1_epi8(static_cast<char>(wanted)));
  return static_cast<unsigned>(_mm_movemask_epi8(same));
#else
  unsigned mask = 0;
  for (unsigned i = 0; i < 16; ++i) mask |= static_cast<unsigned>(static_cast<std::uint8_t>(bytes[i]) == wanted) << i;
  return mask;
#endif
}

}  // namespace larder::base
