/** The entry point: {@code SipProxy} and its builder. Everything below {@code internal} may change at any time. */
@NullMarked
package org.sipproxy.core;

import org.jspecify.annotations.NullMarked;
