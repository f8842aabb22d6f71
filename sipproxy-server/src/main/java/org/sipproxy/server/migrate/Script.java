package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Parsed configuration: its parameters, modules and route blocks, in the order of the file. */
final class Script {

    /** Parameter of the core, or {@code group.name} of the operator. */
    record Parameter(String name, List<Token> value, Place place) {

        /** Returns the value as text, adjacent strings joined. */
        String text() {
            StringBuilder text = new StringBuilder();
            value.forEach(token -> text.append(token.text()));
            return text.toString();
        }
    }

    /** {@code loadmodule}. */
    record Module(String name, Place place) {}

    /** {@code modparam}, once for each module that it names. */
    record ModuleParameter(String module, String name, String value, Place place) {
        String key() {
            return module + '.' + name;
        }
    }

    /**
     * Route block.
     *
     * @param name {@code request_route}, {@code route[AUTH]}, {@code failure_route[X]} and so on
     * @param last last line
     */
    record Block(String name, List<Statement> statements, Place place, int last) {

        /** Returns file and lines. */
        String lines() {
            return last > place.line() ? place + "-" + last : place.toString();
        }
    }

    final List<Parameter> parameters = new ArrayList<>();
    final List<Module> modules = new ArrayList<>();
    final List<ModuleParameter> moduleParameters = new ArrayList<>();
    final List<Block> blocks = new ArrayList<>();

    /** Returns the last value of a parameter of the core. */
    Optional<Parameter> parameter(String name) {
        return parameters.stream().filter(one -> one.name().equals(name)).reduce((first, second) -> second);
    }

    /** Returns the last value of a module's parameter. */
    Optional<ModuleParameter> moduleParameter(String key) {
        return moduleParameters.stream().filter(one -> one.key().equals(key)).reduce((first, second) -> second);
    }

    Optional<Block> block(String name) {
        return blocks.stream().filter(block -> block.name().equals(name)).findFirst();
    }

    boolean loads(String module) {
        return modules.stream().anyMatch(one -> one.name().equals(module));
    }
}
