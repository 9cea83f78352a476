// SPDX-License-Identifier: Apache-2.0
#include "check/rules.hpp"

#include <array>

namespace narthex::check {
namespace {

constexpr std::array kRules = {
    Rule{"NXR-FIL-1",
         "The file is a plugin library: an ELF note, no executable stack, RELRO, no text "
         "relocations.",
         "Put NX_PLUGIN_NOTE into one source file and link with narthex_add_plugin() or the flags "
         "of pkg-config."},
    Rule{"NXR-FIL-2", "Loading a file and asking it for its descriptor does nothing else.",
         "Move work out of constructors of static objects into create() or start()."},
    Rule{"NXR-FIL-3",
         "File and folder belong to root or the user, and nobody else may write to them.",
         "chmod go-w the file and its folder."},
    Rule{
        "NXR-SYM-1",
        "One exported symbol, narthex_plugin_v0, and nothing undefined but the system's libraries.",
        "Link with the version script narthex-plugin.map and -Wl,-z,defs; narthex_add_plugin() "
        "does both."},
    Rule{"NXR-VER-1", "struct_size is set by the side that allocated the struct.",
         "Set every struct_size to sizeof, and never change one that the host has set."},
    Rule{"NXR-VER-2",
         "Nothing is read or written beyond the struct_size of the other side's struct.",
         "Touch newer fields behind NX_HAS only, and never assign a whole struct of the other "
         "side."},
    Rule{"NXR-VER-3",
         "Enums are open sets; unknown values, flags and bytes behind a struct are ignored.",
         "Give every switch a default that goes on."},
    Rule{"NXR-VER-5", "Note, descriptor and host agree on the version of the ABI.",
         "Build against the headers of this agent."},
    Rule{"NXR-OWN-1", "Pointer arguments are borrowed, read-only, until the call returns.",
         "Copy what is kept; write into nothing that was handed in as const."},
    Rule{"NXR-OWN-3", "Every retain of a buffer has its release; nothing is left after destroy.",
         "Release in destroy() what create() and the calls have taken."},
    Rule{"NXR-THR-1", "Host and plugin functions are called in the contexts of their tags only.",
         "Use narthex.tasks/1 to get to a worker, and keep [io] callbacks short."},
    Rule{"NXR-THR-2",
         "Functions that are tagged concurrent, or a component that says so, give the same result "
         "from many threads.",
         "Keep state on the stack, in scratch or behind a lock, or drop NX_COMPONENT_CONCURRENT."},
    Rule{"NXR-THR-3", "No thread and no callback of an instance outlives stop.",
         "Join every thread in stop()."},
    Rule{"NXR-ERR-1",
         "A status is one of the header's, a negative one comes with a text that says why.",
         "Fill in err (nx_fail, sdk::fail) on every path that fails; cut texts at characters."},
    Rule{"NXR-ERR-2", "Nothing is thrown across the border.",
         "Wrap every entry point: the SDK's guard(), catch (...), catch_unwind."},
    Rule{"NXR-ERR-3",
         "No exit, abort, signal handler, setlocale, chdir, umask or setenv, nothing on stdout or "
         "stderr.",
         "Return a status instead of ending the process; write to nx_host::log."},
    Rule{"NXR-ERR-4", "No call makes the process crash.",
         "Run the check with --in-process under a debugger and the printed seed."},
    Rule{"NXR-ERR-5", "Every call returns in time.",
         "Give waiting a deadline; hand long work to narthex.tasks/1."},
    Rule{"NXR-ERR-6", "A failing service of the host is an ordinary error.",
         "Test what host calls return: NULL, 0 or a negative status."},
    Rule{"NXR-DSC-1", "The descriptor is sound: sizes, names, texts, tables.",
         "See plugin.h for what each field must hold."},
    Rule{"NXR-DSC-2",
         "The descriptor says what the note says, and the entry always returns the same one.",
         "Use the same literals for NX_PLUGIN_NOTE and the descriptor."},
    Rule{"NXR-DSC-3",
         "Texts for people are there: a version MAJOR.MINOR.PATCH, a summary, a description of "
         "each option.",
         "Fill them in: `narthex plugin list` and the reference page show them."},
    Rule{"NXR-DSC-4", "A component needs services that exist.",
         "List ids of host.h and event.h in needs."},
    Rule{"NXR-CFG-1", "The schema lies within the subset, its defaults and examples satisfy it.",
         "plugin-api/docs/contract.md, Options, lists the subset."},
    Rule{"NXR-CFG-2",
         "Every configuration that the schema allows is taken or refused with a reason; create "
         "takes what validate took.",
         "Check in validate what the schema cannot say, and name the value with config_error."},
    Rule{"NXR-CFG-3", "Secrets are shown nowhere: not in logs, errors, events or health.",
         "Leave values with NX_VALUE_SECRET out of every text."},
    Rule{"NXR-LIF-1", "Nothing grows with repetition: memory, files, threads.",
         "Free in destroy() what create() made, and in each call what the call made."},
    Rule{"NXR-LIF-2",
         "create does no work, and nothing of the host's is used before create or after destroy.",
         "Threads, I/O, tasks and subscriptions begin in start()."},
    Rule{"NXR-LIF-3",
         "The life cycle works in any order it allows: many instances, many starts, destroy "
         "without start.",
         "Keep state in the instance, not in globals."},
    Rule{"NXR-DIS-1",
         "A target group has a source of its own, targets have __address__, labels are valid.",
         "discovery.h says what a group holds."},
    Rule{"NXR-DIS-2", "The same world gives the same targets.",
         "Send the full set each time; leave out times and random names."},
    Rule{"NXR-PAR-1",
         "A parser yields rows whose keys have labels, in batches of at most max_rows.",
         "protocol.h: parse() pushes keys, labels() explains them."},
    Rule{"NXR-PAR-2",
         "The result does not depend on the size of batches, on scratch or on a repeated run.",
         "Reset scratch in parse(); split batches between rows."},
    Rule{"NXR-PAR-3", "A bad body is NX_ERR_INVALID_DATA, its text begins \"line L, column C: \".",
         "sdk::parse_failure() words it."},
    Rule{"NXR-PAR-4", "parse() stops when the sink says so, and returns what it said.",
         "Return the sink's status at once when it is not NX_OK."},
    Rule{"NXR-ING-1", "Routes are sound and stay as they are.",
         "Method in capitals, path from /, {name} and {rest...} only."},
    Rule{"NXR-ING-2", "Bad bytes are the sender's fault: never an internal error, never stored.",
         "Return NX_ERR_INVALID_DATA for what does not parse."},
    Rule{"NXR-ING-3",
         "Appended batches are sound: columns of one length, sorted labels, valid indexes.",
         "data.h says what a batch holds; sdk::SeriesList builds tables."},
    Rule{"NXR-EXP-1", "Families and samples are valid: names, types, labels, no series twice.",
         "Give each series its labels once; no empty names, no __name__ among the labels."},
    Rule{"NXR-EXP-2", "NX_PARTIAL says what is missing.", "Fill in err when returning NX_PARTIAL."},
    Rule{"NXR-FUN-1", "A declaration is consistent: name, parameters, kind, result.",
         "function.h says what belongs to each kind."},
    Rule{"NXR-FUN-2", "A result depends on its own series only, however a block is cut.",
         "Begin anew at each series: keep nothing from one to the next."},
    Rule{"NXR-FUN-3", "A kernel writes 0 or 1 into present, and nothing outside of its columns.",
         "Loop up to in->n."},
    Rule{"NXR-STO-1", "What was committed is read back: every bit of every sample, once, in order.",
         "Move values with memcpy; a later write at an older time wins."},
    Rule{"NXR-STO-2", "Matchers, limits, shards and label lists select what they say.",
         "An absent label has the empty value; shards are disjoint and cover everything."},
    Rule{"NXR-STO-3",
         "A transaction that was rolled back, or whose commit failed, has left nothing.",
         "Apply at commit, not at append."},
    Rule{"NXR-STO-4", "Capabilities say what is there, and what they promise holds.",
         "Answer NX_ERR_UNSUPPORTED, and leave the bit out, for what is not there."},
    Rule{"NXR-NOT-1", "A notifier says honestly how a delivery went.",
         "NX_OK once the receiver has it; a retryable status when it may work later."},
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

const Rule* find_rule(std::string_view id) {
  for (const Rule& rule : kRules) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

}  // namespace narthex::check
