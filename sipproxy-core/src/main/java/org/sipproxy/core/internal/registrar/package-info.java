/**
 * The registrar (RFC 3261 §10.3).
 *
 * <p>{@code Registrar} is the entry: it takes a REGISTER and returns the response. {@code RequestedContact} validates a
 * contact, {@code RegistrationChange} applies the request to the bindings of its AOR, and {@code RegistrarResponses}
 * writes the response's header lines. {@code ConnectionBindings} removes bindings whose connection closed, and
 * {@code RegistrationLog} logs REGISTERED and UNREGISTERED lines.
 *
 * <p>Does not authenticate and does not store: see {@code internal.pipeline} and {@code internal.location}.
 */
@NullMarked
package org.sipproxy.core.internal.registrar;

import org.jspecify.annotations.NullMarked;
