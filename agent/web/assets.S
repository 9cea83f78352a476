/* SPDX-License-Identifier: Apache-2.0
 * The files of assets/ as bytes of the program: narthex_web_<name> up to narthex_web_<name>_end. */
    .section .rodata
    .macro asset name, file
    .global narthex_web_\name
    .global narthex_web_\name\()_end
    .hidden narthex_web_\name
    .hidden narthex_web_\name\()_end
    .balign 8
narthex_web_\name:
    .incbin "\file"
narthex_web_\name\()_end:
    .byte 0
    .endm
    asset index_html, "assets/index.html"
    asset app_js, "assets/app.js"
    asset style_css, "assets/style.css"
    .section .note.GNU-stack, "", %progbits
