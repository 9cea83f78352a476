// SPDX-License-Identifier: Apache-2.0
// recorded_pushes.hpp - what Pushgateway 1.11.2 answers to a PUT on /metrics/job/t, and what it
// exposes of it afterwards (push times left out). Runs of blanks in its messages are one here: they
// vary from build to build.
#pragma once

#include <string_view>

namespace narthex::test {

struct RecordedPush {
  std::string_view body;
  int status;
  std::string_view answer;
  std::string_view exposed;
};

// clang-format off
inline constexpr RecordedPush kTextPushes[] = {
    {"", 200,
     "",
     ""},
    {"\n", 200,
     "",
     ""},
    {"some 1", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"some 1\n", 200,
     "",
     "# TYPE some untyped\nsome{instance=\"\",job=\"t\"} 1\n"},
    {"some 1 123\n", 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: pushed metrics must not have timestamps\n",
     ""},
    {"# TYPE a counter\na 1\n", 200,
     "",
     "# TYPE a counter\na{instance=\"\",job=\"t\"} 1\n"},
    {"# TYPE a gauge\na 1\n", 200,
     "",
     "# TYPE a gauge\na{instance=\"\",job=\"t\"} 1\n"},
    {"a 1\na 2\n", 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: collected metric \"a\" { label:{name:\"instance\" "
     "value:\"\"} label:{name:\"job\" value:\"t\"} untyped:{valu"
     "e:2}} was collected before with the same name and label va"
     "lues\n",
     ""},
    {"a{x=\"1\"} 1\na{x=\"1\"} 1\n", 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: collected metric \"a\" { label:{name:\"instance\" "
     "value:\"\"} label:{name:\"job\" value:\"t\"} label:{name:"
     "\"x\" value:\"1\"} untyped:{value:1}} was collected before"
     " with the same name and label values\n",
     ""},
    {"a{x=\"1\",x=\"2\"} 1\n", 400,
     "text format parsing error in line 1: duplicate label names"
     " for metric \"a\"\n",
     ""},
    {"a{x=\"1\"} 1\nb 2\na{x=\"2\"} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\",x=\"1\"} 1\na{"
     "instance=\"\",job=\"t\",x=\"2\"} 1\n# TYPE b untyped\nb{in"
     "stance=\"\",job=\"t\"} 2\n"},
    {"# HELP a x\n# HELP a y\na 1\n", 400,
     "text format parsing error in line 2: second HELP line for "
     "metric name \"a\"\n",
     ""},
    {"# TYPE a counter\n# TYPE a counter\na 1\n", 400,
     "text format parsing error in line 2: second TYPE line for "
     "metric name \"a\", or TYPE reported after samples\n",
     ""},
    {"a 1\n# TYPE a counter\n", 400,
     "text format parsing error in line 2: second TYPE line for "
     "metric name \"a\", or TYPE reported after samples\n",
     ""},
    {"# TYPE a foo\na 1\n", 400,
     "text format parsing error in line 1: unknown metric type "
     "\"foo\"\n",
     ""},
    {"# TYPE a\n", 200,
     "",
     ""},
    {"a x\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"x\"\n",
     ""},
    {"a{ 1\n", 400,
     "text format parsing error in line 1: invalid label name fo"
     "r metric \"a\"\n",
     ""},
    {"a{x} 1\n", 400,
     "text format parsing error in line 1: expected '=' after la"
     "bel name, found '}'\n",
     ""},
    {"a{x=1} 1\n", 400,
     "text format parsing error in line 1: expected '\"' at star"
     "t of label value, found '1'\n",
     ""},
    {"a{x=\"1} 1\n", 400,
     "text format parsing error in line 1: label value \"1} 1\" "
     "contains unescaped new-line\n",
     ""},
    {"a{x=\"1\"\n", 400,
     "text format parsing error in line 1: unexpected end of lab"
     "el value \"1\"\n",
     ""},
    {"1a 1\n", 400,
     "text format parsing error in line 1: invalid metric name\n",
     ""},
    {"a-b 1\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"-b\"\n",
     ""},
    {"a{1x=\"1\"} 1\n", 400,
     "text format parsing error in line 1: invalid label name fo"
     "r metric \"a\"\n",
     ""},
    {"a{__name__=\"x\"} 1\n", 400,
     "text format parsing error in line 1: label name \"__name__"
     "\" is reserved\n",
     ""},
    {"a{x=\"\\q\"} 1\n", 400,
     "text format parsing error in line 1: invalid escape sequen"
     "ce '\\q'\n",
     ""},
    {"a{x=\"\\\"\\\\\\n\"} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\",x=\"\\\"\\\\\\"
     "n\"} 1\n"},
    {"a NaN\nb +Inf\nc -Inf\nd 1e400\n", 400,
     "text format parsing error in line 4: expected float as val"
     "ue, got \"1e400\"\n",
     ""},
    {"d 1e400\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"1e400\"\n",
     ""},
    {"a 0x10\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"0x10\"\n",
     ""},
    {"a 1_000\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"1_000\"\n",
     ""},
    {"a 1 x\n", 400,
     "text format parsing error in line 1: expected integer as t"
     "imestamp, got \"x\"\n",
     ""},
    {"a 1 1 1\n", 400,
     "text format parsing error in line 1: spurious string after"
     " timestamp: \" 1\"\n",
     ""},
    {"a 1.5 1.5\n", 400,
     "text format parsing error in line 1: expected integer as t"
     "imestamp, got \"1.5\"\n",
     ""},
    {"# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count "
     "3\n", 200,
     "",
     "# TYPE s summary\ns{instance=\"\",job=\"t\",quantile=\"0.5"
     "\"} 1\ns_sum{instance=\"\",job=\"t\"} 2\ns_count{instance="
     "\"\",job=\"t\"} 3\n"},
    {"# TYPE s summary\ns{quantile=\"x\"} 1\n", 400,
     "text format parsing error in line 2: expected float as val"
     "ue for 'quantile' label, got \"x\"\n",
     ""},
    {"# TYPE s summary\ns_count 1.5\n", 200,
     "",
     "# TYPE s summary\ns_sum{instance=\"\",job=\"t\"} 0\ns_coun"
     "t{instance=\"\",job=\"t\"} 1\n"},
    {"# TYPE s summary\ns 1\n", 200,
     "",
     "# TYPE s summary\ns_sum{instance=\"\",job=\"t\"} 0\ns_coun"
     "t{instance=\"\",job=\"t\"} 0\n"},
    {"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+I"
     "nf\"} 2\nh_sum 2\nh_count 2\n", 200,
     "",
     "# TYPE h histogram\nh_bucket{instance=\"\",job=\"t\",le=\""
     "1\"} 1\nh_bucket{instance=\"\",job=\"t\",le=\"+Inf\"} 2\nh"
     "_sum{instance=\"\",job=\"t\"} 2\nh_count{instance=\"\",job"
     "=\"t\"} 2\n"},
    {"# TYPE h histogram\nh_bucket{le=\"x\"} 1\n", 400,
     "text format parsing error in line 2: expected float as val"
     "ue for 'le' label, got \"x\"\n",
     ""},
    {"# TYPE h histogram\nh 1\n", 200,
     "",
     "# TYPE h histogram\nh_bucket{instance=\"\",job=\"t\",le=\""
     "+Inf\"} 0\nh_sum{instance=\"\",job=\"t\"} 0\nh_count{insta"
     "nce=\"\",job=\"t\"} 0\n"},
    {"# TYPE h histogram\nh_bucket 1\n", 200,
     "",
     "# TYPE h histogram\nh_bucket{instance=\"\",job=\"t\",le=\""
     "+Inf\"} 0\nh_sum{instance=\"\",job=\"t\"} 0\nh_count{insta"
     "nce=\"\",job=\"t\"} 0\n"},
    {"# TYPE h histogram\nh_bucket{le=\"1\"} 1\n", 200,
     "",
     "# TYPE h histogram\nh_bucket{instance=\"\",job=\"t\",le=\""
     "1\"} 1\nh_bucket{instance=\"\",job=\"t\",le=\"+Inf\"} 0\nh"
     "_sum{instance=\"\",job=\"t\"} 0\nh_count{instance=\"\",job"
     "=\"t\"} 0\n"},
    {"# TYPE h histogram\nh_bucket{le=\"1\"} -1\n", 400,
     "text format parsing error in line 2: negative bucket popul"
     "ation for histogram \"h\"\n",
     ""},
    {"# TYPE h histogram\nh_bucket{le=\"1\"} 1.5\n", 200,
     "",
     "# TYPE h histogram\nh_bucket{instance=\"\",job=\"t\",le=\""
     "1\"} 1.5\nh_bucket{instance=\"\",job=\"t\",le=\"+Inf\"} 0"
     "\nh_sum{instance=\"\",job=\"t\"} 0\nh_count{instance=\"\","
     "job=\"t\"} 0\n"},
    {"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 4\nh_sum"
     " 1\n# TYPE h_sum gauge\nh_sum 1\n", 400,
     "text format parsing error in line 5: second TYPE line for "
     "metric name \"h\", or TYPE reported after samples\n",
     ""},
    {"h_sum 1\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\n", 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: collected metric named \"h_sum\" collides with pre"
     "viously collected histogram named \"h\"\n",
     ""},
    {"# comment\n#\n# HELP\n# TYPE\n# HELP a\na 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\"} 1\n"},
    {"# HELP a multi \\n line \\\\ x\na 1\n", 200,
     "",
     "# HELP a multi \\n line \\\\ x\n# TYPE a untyped\na{instan"
     "ce=\"\",job=\"t\"} 1\n"},
    {"  a   1  \n", 400,
     "text format parsing error in line 1: expected integer as t"
     "imestamp, got \"\"\n",
     ""},
    {"\011a\0111\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\"} 1\n"},
    {"a\011{x=\"1\"}\0111\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\",x=\"1\"} 1\n"},
    {"a{x=\"1\",} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\",x=\"1\"} 1\n"},
    {"a{,} 1\n", 400,
     "text format parsing error in line 1: invalid label name fo"
     "r metric \"a\"\n",
     ""},
    {"a{} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\"} 1\n"},
    {"{\"a\"} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\"} 1\n"},
    {"{\"a.b\"} 1\n", 400,
     "text format parsing error in line 1: invalid metric name "
     "\"a.b\"\n",
     ""},
    {"{\"a.b\",x=\"1\"} 1\n", 400,
     "text format parsing error in line 1: invalid metric name "
     "\"a.b\"\n",
     ""},
    {"a{\"x.y\"=\"1\"} 1\n", 400,
     "text format parsing error in line 1: invalid label name \""
     "x.y\"\n",
     ""},
    {"a 1\015\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"1\\r\"\n",
     ""},
    {"a{x=\"\377\"} 1\n", 400,
     "text format parsing error in line 1: invalid label value "
     "\"\\xff\"\n",
     ""},
    {std::string_view("\000a 1\n", 5), 400,
     "text format parsing error in line 1: invalid metric name\n",
     ""},
    {"a 1\n\n\n  \n# EOF\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\"} 1\n"},
    {"push_time_seconds 5\n", 200,
     "",
     ""},
    {"push_failure_time_seconds 5\n", 200,
     "",
     ""},
    {"# TYPE push_time_seconds counter\npush_time_seconds 5\n", 200,
     "",
     ""},
    {"a{job=\"other\",instance=\"i\"} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"i\",job=\"t\"} 1\n"},
    {"a{x=\"1\"} 1 # {t=\"x\"} 1\n", 400,
     "text format parsing error in line 1: expected integer as t"
     "imestamp, got \"#\"\n",
     ""},
    {"# TYPE a untyped\na 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\"} 1\n"},
    {"# TYPE a unknown\na 1\n", 400,
     "text format parsing error in line 1: unknown metric type "
     "\"unknown\"\n",
     ""},
    {"# TYPE a gaugehistogram\na 1\n", 200,
     "",
     "# TYPE a histogram\na_bucket{instance=\"\",job=\"t\",le=\""
     "+Inf\"} 0\na_sum{instance=\"\",job=\"t\"} 0\na_count{insta"
     "nce=\"\",job=\"t\"} 0\n"},
    {"# TYPE a Counter\na 1\n", 200,
     "",
     "# TYPE a counter\na{instance=\"\",job=\"t\"} 1\n"},
    {"a{x=\"1\"}1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\",x=\"1\"} 1\n"},
    {"a1\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"\"\n",
     ""},
    {"a\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"\"\n",
     ""},
    {"a{x=\"1\" y=\"2\"} 1\n", 400,
     "text format parsing error in line 1: unexpected end of lab"
     "el value \"1\"\n",
     ""},
    {"a{x =\"1\"} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\",x=\"1\"} 1\n"},
    {"a{x= \"1\"} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\",x=\"1\"} 1\n"},
    {"# TYPE a counter extra\na 1\n", 400,
     "text format parsing error in line 1: unknown metric type "
     "\"counter extra\"\n",
     ""},
    {"# TYPE a counter \na 1\n", 400,
     "text format parsing error in line 1: unknown metric type "
     "\"counter \"\n",
     ""},
    {"# TYPE a summary\na{quantile=\"0.5\"} 1\na{quantile=\"0.5"
     "\"} 2\n", 200,
     "",
     "# TYPE a summary\na{instance=\"\",job=\"t\",quantile=\"0.5"
     "\"} 1\na{instance=\"\",job=\"t\",quantile=\"0.5\"} 2\na_su"
     "m{instance=\"\",job=\"t\"} 0\na_count{instance=\"\",job=\""
     "t\"} 0\n"},
    {"# TYPE a counter\na 1\n# TYPE a_sum gauge\na_sum 1\n# TYPE"
     " a summary\n", 400,
     "text format parsing error in line 5: second TYPE line for "
     "metric name \"a\", or TYPE reported after samples\n",
     ""},
    {"# TYPE a summary\na_sum 1\n# TYPE a_count counter\na_count"
     " 4\n", 400,
     "text format parsing error in line 3: second TYPE line for "
     "metric name \"a\", or TYPE reported after samples\n",
     ""},
    {"{\"a.b\",\"c.d\"} 1\n", 400,
     "text format parsing error in line 1: invalid metric name "
     "\"a.b\"\n",
     ""},
    {"{x=\"1\"} 1\n", 400,
     "text format parsing error in line 1: invalid metric name\n",
     ""},
    {"a{\"b\"} 1\n", 400,
     "text format parsing error in line 1: expected '=' after la"
     "bel name, found '}'\n",
     ""},
    {"{\"a\" 1\n", 400,
     "text format parsing error in line 1: unexpected end of met"
     "ric name '1'\n",
     ""},
    {"{\"a\"}\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"\"\n",
     ""},
    {"{\"\"} 1\n", 400,
     "text format parsing error in line 1: invalid label name fo"
     "r metric \"\"\n",
     ""},
    {"{\"a\\q\"} 1\n", 400,
     "text format parsing error in line 1: invalid escape sequen"
     "ce '\\q'\n",
     ""},
    {"a{\"x.y=\"1\"} 1\n", 400,
     "text format parsing error in line 1: expected '=' after la"
     "bel name, found '1'\n",
     ""},
    {"# TYPE \"a\n", 400,
     "text format parsing error in line 1: metric name \"a\" con"
     "tains unescaped new-line\n",
     ""},
    {"# TYPE a-b counter\n", 400,
     "text format parsing error in line 1: invalid metric name i"
     "n comment\n",
     ""},
    {"# HELP a \\q\na 1\n", 400,
     "text format parsing error in line 1: invalid escape sequen"
     "ce '\\q'\n",
     ""},
    {"# foo", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"# HELP a b", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"  ", 200,
     "",
     ""},
    {"a{x=\"1\",x=\"1\"} 1\n", 400,
     "text format parsing error in line 1: duplicate label names"
     " for metric \"a\"\n",
     ""},
    {"# TYPE a histogram\na_count -1\n", 400,
     "text format parsing error in line 2: negative count for hi"
     "stogram \"a\"\n",
     ""},
    {"# TYPE a histogram\na_count 1.5\n", 200,
     "",
     "# TYPE a histogram\na_bucket{instance=\"\",job=\"t\",le=\""
     "+Inf\"} 1.5\na_sum{instance=\"\",job=\"t\"} 0\na_count{ins"
     "tance=\"\",job=\"t\"} 1.5\n"},
    {"# TYPE a gauge_histogram\na_count 1.5\n", 200,
     "",
     "# TYPE a histogram\na_bucket{instance=\"\",job=\"t\",le=\""
     "+Inf\"} 1.5\na_sum{instance=\"\",job=\"t\"} 0\na_count{ins"
     "tance=\"\",job=\"t\"} 1.5\n"},
    {"# TYPE a summary\na{quantile=\"0.5\",quantile=\"0.6\"} 1\n", 200,
     "",
     "# TYPE a summary\na{instance=\"\",job=\"t\",quantile=\"0.6"
     "\"} 1\na_sum{instance=\"\",job=\"t\"} 0\na_count{instance="
     "\"\",job=\"t\"} 0\n"},
    {"a 1e21\nb 123456789\nc 0.000001\nd 1e-7\ne NaN\nf +Inf\ng "
     "-Inf\nh -0\ni 1e6\nj 1234567.5\nl nan\nm inf\nn Infinity\n"
     "o .5\np 5.\nq 1E5\nr +5\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\"} 1e+21\n# TYPE"
     " b untyped\nb{instance=\"\",job=\"t\"} 1.23456789e+08\n# T"
     "YPE c untyped\nc{instance=\"\",job=\"t\"} 1e-06\n# TYPE d "
     "untyped\nd{instance=\"\",job=\"t\"} 1e-07\n# TYPE e untype"
     "d\ne{instance=\"\",job=\"t\"} NaN\n# TYPE f untyped\nf{ins"
     "tance=\"\",job=\"t\"} +Inf\n# TYPE g untyped\ng{instance="
     "\"\",job=\"t\"} -Inf\n# TYPE h untyped\nh{instance=\"\",jo"
     "b=\"t\"} 0\n# TYPE i untyped\ni{instance=\"\",job=\"t\"} 1"
     "e+06\n# TYPE j untyped\nj{instance=\"\",job=\"t\"} 1.23456"
     "75e+06\n# TYPE l untyped\nl{instance=\"\",job=\"t\"} NaN\n"
     "# TYPE m untyped\nm{instance=\"\",job=\"t\"} +Inf\n# TYPE "
     "n untyped\nn{instance=\"\",job=\"t\"} +Inf\n# TYPE o untyp"
     "ed\no{instance=\"\",job=\"t\"} 0.5\n# TYPE p untyped\np{in"
     "stance=\"\",job=\"t\"} 5\n# TYPE q untyped\nq{instance=\""
     "\",job=\"t\"} 100000\n# TYPE r untyped\nr{instance=\"\",jo"
     "b=\"t\"} 5\n"},
    {"# TYPE h histogram\nh_bucket{le=\"1\",x=\"1\"} 1\nh_bucket"
     "{x=\"1\",le=\"2\"} 2\nh_bucket{x=\"1\",le=\"+Inf\"} 3\nh_b"
     "ucket{x=\"2\",le=\"1\"} 9\nh_count{x=\"1\"} 3\nh_sum{x=\"1"
     "\"} 4.5\nh_count{x=\"2\",le=\"5\"} 3\n", 200,
     "",
     "# TYPE h histogram\nh_bucket{instance=\"\",job=\"t\",x=\"1"
     "\",le=\"1\"} 1\nh_bucket{instance=\"\",job=\"t\",x=\"1\",l"
     "e=\"2\"} 2\nh_bucket{instance=\"\",job=\"t\",x=\"1\",le=\""
     "+Inf\"} 3\nh_sum{instance=\"\",job=\"t\",x=\"1\"} 4.5\nh_c"
     "ount{instance=\"\",job=\"t\",x=\"1\"} 3\nh_bucket{instance"
     "=\"\",job=\"t\",x=\"2\",le=\"1\"} 9\nh_bucket{instance=\""
     "\",job=\"t\",x=\"2\",le=\"+Inf\"} 3\nh_sum{instance=\"\",j"
     "ob=\"t\",x=\"2\"} 0\nh_count{instance=\"\",job=\"t\",x=\"2"
     "\"} 3\n"},
    {"z 1\na 1\n# TYPE m counter\n# HELP m mm\\nx\\\\y\"q\nm{b="
     "\"1\",a=\"2\"} 1\nm{a=\"1\"} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\"} 1\n# HELP m m"
     "m\\nx\\\\y\"q\n# TYPE m counter\nm{a=\"1\",instance=\"\",j"
     "ob=\"t\"} 1\nm{a=\"2\",b=\"1\",instance=\"\",job=\"t\"} 1"
     "\n# TYPE z untyped\nz{instance=\"\",job=\"t\"} 1\n"},
    {"a -5\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\"} -5\n"},
    {"a{x=\"1\" , y=\"2\" } 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\",x=\"1\",y=\"2"
     "\"} 1\n"},
    {"a 1 -5\n", 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: pushed metrics must not have timestamps\n",
     ""},
    {"a 1 +5\n", 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: pushed metrics must not have timestamps\n",
     ""},
    {"# HELP a trailing \\\n", 400,
     "text format parsing error in line 1: invalid escape sequen"
     "ce '\\\n'\n",
     ""},
    {"a{x=\"1\"", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"a{", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"a", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"#", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"# ", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"{", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"{\"a", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"a{x=\"\\", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"a 1 5", 400,
     "text format parsing error in line 1: unexpected end of inp"
     "ut stream\n",
     ""},
    {"\n\n\na 1\nb\n", 400,
     "text format parsing error in line 5: expected float as val"
     "ue, got \"\"\n",
     ""},
    {"# TYPE a counter\n\n# HELP a x\na 1\n", 200,
     "",
     "# HELP a x\n# TYPE a counter\na{instance=\"\",job=\"t\"} 1"
     "\n"},
    {"a{x=\"1\"}\n", 400,
     "text format parsing error in line 1: expected float as val"
     "ue, got \"\"\n",
     ""},
    {"# HELP a\011x\na 1\n", 200,
     "",
     "# HELP a x\n# TYPE a untyped\na{instance=\"\",job=\"t\"} 1"
     "\n"},
    {"a{\303\251=\"1\"} 1\n", 400,
     "text format parsing error in line 1: invalid label name fo"
     "r metric \"a\"\n",
     ""},
    {"\303\251 1\n", 400,
     "text format parsing error in line 1: invalid metric name\n",
     ""},
    {"a{x=\"\303\251\"} 1\n", 200,
     "",
     "# TYPE a untyped\na{instance=\"\",job=\"t\",x=\"\303\251\""
     "} 1\n"},
    {"# HELP a \303\251\na 1\n", 200,
     "",
     "# HELP a \303\251\n# TYPE a untyped\na{instance=\"\",job="
     "\"t\"} 1\n"},
};

inline constexpr RecordedPush kProtobufPushes[] = {
    {"", 200,
     "",
     ""},
    {std::string_view("\036\n\001c\022\002hh\030\000\"\023\n\006\n\001x\022\0011"
     "\032\011\011\000\000\000\000\000\000\024@\022\n\001g\030"
     "\001\"\013\022\011\011\000\000\000\000\000\000\004@\022\n"
     "\001u\030\003\"\013*\011\011\000\000\000\000\000\000\004@", 69), 200,
     "",
     "# HELP c hh\n# TYPE c counter\nc{instance=\"\",job=\"t\",x"
     "=\"1\"} 5\n# TYPE g gauge\ng{instance=\"\",job=\"t\"} 2.5"
     "\n# TYPE u untyped\nu{instance=\"\",job=\"t\"} 2.5\n"},
    {std::string_view("(\n\001s\030\002\"!\"\037\010\003\021\000\000\000\000\000"
     "\000\022@\032\022\011\000\000\000\000\000\000\340\077\021"
     "\000\000\000\000\000\000\370\077.\n\001h\030\004\"':%\010"
     "\003\021\000\000\000\000\000\000\022@\032\013\010\001\021"
     "\000\000\000\000\000\000\340\077\032\013\010\003\021\000"
     "\000\000\000\000\000\360\177+\n\001n\030\004\"$:\"\010\006"
     "\021\000\000\000\000\000\000\022@(\0061\374\251\361\322MbP"
     "\0778\002b\004\010\000\020\002h\002h\004", 132), 200,
     "",
     "# TYPE h histogram\nh_bucket{instance=\"\",job=\"t\",le=\""
     "0.5\"} 1\nh_bucket{instance=\"\",job=\"t\",le=\"+Inf\"} 3"
     "\nh_sum{instance=\"\",job=\"t\"} 4.5\nh_count{instance=\""
     "\",job=\"t\"} 3\n# TYPE n histogram\nn_bucket{instance=\""
     "\",job=\"t\",le=\"+Inf\"} 6\nn_sum{instance=\"\",job=\"t\""
     "} 4.5\nn_count{instance=\"\",job=\"t\"} 6\n# TYPE s summar"
     "y\ns{instance=\"\",job=\"t\",quantile=\"0.5\"} 1.5\ns_sum{"
     "instance=\"\",job=\"t\"} 4.5\ns_count{instance=\"\",job=\""
     "t\"} 3\n"},
    {std::string_view("\022\n\001c\030\000\"\013\032\011\011\000\000\000\000\000"
     "\000", 17), 400,
     "unexpected EOF\n",
     ""},
    {"\377\377\377\377\377\377\377\377\377\377\377", 400,
     "proto: variable length integer overflow\n",
     ""},
    {"\377\377", 400,
     "unexpected EOF\n",
     ""},
    {std::string_view("\017\n\001c\030\000\"\013\032\011\011\000\000\000\000\000", 16),
     400,
     "proto: cannot parse invalid wire-format data\n",
     ""},
    {"\005\n\001c\030\377", 400,
     "proto: cannot parse invalid wire-format data\n",
     ""},
    {std::string_view("\002\002\000", 3), 400,
     "proto: cannot parse invalid wire-format data\n",
     ""},
    {std::string_view("\002\017\000", 3), 400,
     "proto: cannot parse invalid wire-format data\n",
     ""},
    {"\003\n\177c", 400,
     "proto: cannot parse invalid wire-format data\n",
     ""},
    {"\001\013", 400,
     "proto: cannot parse invalid wire-format data\n",
     ""},
    {std::string_view("\023\n\0021x\030\000\"\013\032\011\011\000\000\000\000\000"
     "\000\024@", 20), 200,
     "",
     "# TYPE _x counter\n_x{instance=\"\",job=\"t\"} 5\n"},
    {std::string_view("\024\n\003a.b\030\000\"\013\032\011\011\000\000\000\000"
     "\000\000\024@", 21), 200,
     "",
     "# TYPE a_b counter\na_b{instance=\"\",job=\"t\"} 5\n"},
    {std::string_view("\022\n\001c\030\000\"\013\022\011\011\000\000\000\000\000"
     "\000\024@", 19), 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: collected metric \"c\" { label:{name:\"instance\" "
     "value:\"\"} label:{name:\"job\" value:\"t\"} gauge:{value:"
     "5}} is not a COUNTER\n",
     ""},
    {std::string_view("\024\n\001c\030\000\"\015\032\011\011\000\000\000\000\000"
     "\000\024@0{", 21), 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: pushed metrics must not have timestamps\n",
     ""},
    {std::string_view("\024\n\001c\030\000\"\015\032\011\011\000\000\000\000\000"
     "\000\024@0\000", 21), 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: pushed metrics must not have timestamps\n",
     ""},
    {std::string_view("\005\n\001c\030\000", 6), 200,
     "",
     ""},
    {std::string_view("\017\n\001c\030\000\"\010\n\006\n\001x\022\0011", 16), 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: collected metric \"c\" { label:{name:\"instance\" "
     "value:\"\"} label:{name:\"job\" value:\"t\"} label:{name:"
     "\"x\" value:\"1\"}} is not a COUNTER\n",
     ""},
    {std::string_view("\022\n\001c\030\000\"\013\032\011\011\000\000\000\000\000"
     "\000\024@\032\n\001c\030\000\"\023\n\006\n\001x\022\0011"
     "\032\011\011\000\000\000\000\000\000\030@", 46), 200,
     "",
     "# TYPE c counter\nc{instance=\"\",job=\"t\",x=\"1\"} 6\n"},
    {std::string_view("\"\n\001c\030\000\"\033\n\006\n\001x\022\0011\n\006\n\001x"
     "\022\0012\032\011\011\000\000\000\000\000\000\024@", 35), 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: collected metric \"c\" { label:{name:\"instance\" "
     "value:\"\"} label:{name:\"job\" value:\"t\"} label:{name:"
     "\"x\" value:\"1\"} label:{name:\"x\" value:\"2\"} counter:"
     "{value:5}} has two or more labels with the same name: x\n",
     ""},
    {std::string_view("\033\n\001c\030\000\"\024\n\007\n\0021x\022\0011\032\011"
     "\011\000\000\000\000\000\000\024@", 28), 200,
     "",
     "# TYPE c counter\nc{_x=\"1\",instance=\"\",job=\"t\"} 5\n"},
    {std::string_view("/\n\002gh\030\005\"':%\010\003\021\000\000\000\000\000\000"
     "\022@\032\013\010\001\021\000\000\000\000\000\000\340\077"
     "\032\013\010\003\021\000\000\000\000\000\000\360\177", 48), 200,
     "",
     "# TYPE gh histogram\ngh_bucket{instance=\"\",job=\"t\",le="
     "\"0.5\"} 1\ngh_bucket{instance=\"\",job=\"t\",le=\"+Inf\"}"
     " 3\ngh_sum{instance=\"\",job=\"t\"} 4.5\ngh_count{instance"
     "=\"\",job=\"t\"} 3\n"},
    {std::string_view("%\n\001c\030\000\"\036\032\034\011\000\000\000\000\000\000"
     "\024@\022\021\n\006\n\001t\022\0011\021\000\000\000\000"
     "\000\000\360\077", 38), 200,
     "",
     "# TYPE c counter\nc{instance=\"\",job=\"t\"} 5\n"},
    {std::string_view("\034\n\001c\030\000\"\025\n\010\n\003__x\022\0012\032\011"
     "\011\000\000\000\000\000\000\024@", 29), 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: collected metric \"c\" { label:{name:\"__x\" value"
     ":\"2\"} label:{name:\"instance\" value:\"\"} label:{name:"
     "\"job\" value:\"t\"} counter:{value:5}} has a label with a"
     "n invalid name: __x\n",
     ""},
    {std::string_view("\032\n\001c\030\000\"\023\n\006\n\001x\022\001\377\032\011"
     "\011\000\000\000\000\000\000\024@", 27), 400,
     "pushed metrics are invalid or inconsistent with existing m"
     "etrics: collected metric \"c\" { label:{name:\"instance\" "
     "value:\"\"} label:{name:\"job\" value:\"t\"} label:{name:"
     "\"x\" value:\"\\xff\"} counter:{value:5}} has a label name"
     "d \"x\" whose value is not utf8: \"\\xff\"\n",
     ""},
};
// clang-format on

}  // namespace narthex::test
