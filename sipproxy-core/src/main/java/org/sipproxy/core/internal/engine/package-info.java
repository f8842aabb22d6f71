/** Wires all layers; the only package that knows them all. */
@NullMarked
package org.sipproxy.core.internal.engine;

import org.jspecify.annotations.NullMarked;
