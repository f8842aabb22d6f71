package org.sipproxy.core.internal.registrar;

/**
 * Response of the registrar.
 *
 * @param statusCode 200 or a refusal
 * @param reason the reason phrase
 * @param headerLines header lines to add, each terminated by CR LF
 */
public record RegistrarResponse(int statusCode, String reason, byte[] headerLines) {}
