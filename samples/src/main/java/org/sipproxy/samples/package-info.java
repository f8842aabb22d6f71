/** Small hosts of the proxy, each with a main method and under a screen or two. */
@NullMarked
package org.sipproxy.samples;

import org.jspecify.annotations.NullMarked;
