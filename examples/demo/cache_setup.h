// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// How the demo sets up its cache.
#pragma once

#include <cstdint>
#include <memory>

#include "larder/cache.h"
#include "options.h"

namespace demo {

class Workload;

// The bound that was asked for, or a tenth of the data, so that there is something to evict.
std::uint64_t memory_of(const Options& options, const Workload& workload);

larder::Result<std::unique_ptr<larder::Cache>> open_cache(const Options& options, std::uint64_t memory);
// The same with a store that it writes behind.
larder::Result<std::unique_ptr<larder::Cache>> open_cache_over(std::shared_ptr<larder::BackingStore> store,
                                                               const Options& options, std::uint64_t memory);

}  // namespace demo
