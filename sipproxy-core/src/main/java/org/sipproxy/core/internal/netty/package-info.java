/** The Netty that the host application has, of version 4.1 or 4.2. */
@NullMarked
package org.sipproxy.core.internal.netty;

import org.jspecify.annotations.NullMarked;
