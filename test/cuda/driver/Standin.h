// What tests may ask of the driver that stands in for NVIDIA's. It is a library of the name
// libcuda.so.1; with the real one in its place these are null, and what needs them is skipped.
#pragma once

#include <cstdint>

extern "C" {

/// The `nth` call of `function` from now on, counted from 1, returns `code` and does nothing. Also
/// by the environment: BREGMAN_STANDIN_FAIL=cuMemAlloc_v2:1:2,cuLaunchKernel:3:719
[[gnu::weak]] void standinFail(const char *function, int nth, int code);
/// Takes back what has not failed yet; whether there was something.
[[gnu::weak]] bool standinClear();
/// How often `function` was called; null: all of them together.
[[gnu::weak]] int64_t standinCalls(const char *function);
/// The name of the `index`th function that was called, or null.
[[gnu::weak]] const char *standinFunction(int index);
/// What kernels died of and why modules were refused since the last call; never null.
[[gnu::weak]] const char *standinLog();
/// Allocations, modules, linkers, streams and retained contexts that nobody has given back.
[[gnu::weak]] int64_t standinLive();
/// Bytes of each device.
[[gnu::weak]] void standinMemory(uint64_t bytes);
/// Whether approximations are taken, which are refused at first. By the environment:
/// BREGMAN_STANDIN_FAST=1.
[[gnu::weak]] void standinApproximate(bool taken);
/// Bytes that a thread of any kernel is said to spill, unless its blocks may have all registers.
[[gnu::weak]] void standinSpill(int bytes);
/// Another schedule. By the environment: BREGMAN_STANDIN_SEED.
[[gnu::weak]] void standinSeed(uint64_t seed);
/// From now on modules are loaded with `to` in place of the `nth` occurrence of `from`, counted
/// from 1 through all of them; null: as they are. Says how many there were since the last call.
[[gnu::weak]] int standinMutate(const char *from, const char *to, int nth);
/// Everything as at the start, all devices and their contexts included.
[[gnu::weak]] void standinReset();
}
