/** Sockets and connections: bytes in, bytes out. Knows no layer above it. */
@NullMarked
package org.sipproxy.core.internal.transport;

import org.jspecify.annotations.NullMarked;
