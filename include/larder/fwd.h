// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Names only, for headers that mention a cache.
#pragma once

namespace larder {
class Allocator;
class Cache;
class Clock;
class Eviction;
class EvictionPolicy;
class Pinned;
class ReadView;
class Status;
class Transaction;
struct Options;
struct Stats;
template <typename T>
class Lookup;
template <typename T>
class Result;
}  // namespace larder
