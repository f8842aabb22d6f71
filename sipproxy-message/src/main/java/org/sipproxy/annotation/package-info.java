/**
 * Annotations of the public API of all modules.
 *
 * <p>{@link org.sipproxy.annotation.Beta} marks what may change in a minor version; see "Compatibility" in
 * {@code CONTRIBUTING.md}. It is in this module because all others depend on it.
 *
 * <p>Does not cover nullness: packages are marked with {@code NullMarked} of JSpecify.
 */
@NullMarked
package org.sipproxy.annotation;

import org.jspecify.annotations.NullMarked;
