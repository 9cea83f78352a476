// SPDX-License-Identifier: Apache-2.0
// The compiled half of Boost.Asio, once for the whole process (BOOST_ASIO_SEPARATE_COMPILATION).
// Its TLS part is in net.
#include <boost/asio/impl/src.hpp>
