# Completion of kfleet in bash, 4.4 or later. What stands on the line is handed to kfleet, which knows its commands and
# asks the cluster on the line for names of topics, groups, brokers and settings.

_kfleet() {
    local kfleet=$1 kind
    type -P -- "$kfleet" >/dev/null || kfleet=kfleet
    COMPREPLY=()
    {
        read -r kind
        mapfile -t COMPREPLY
    } < <("$kfleet" complete bash -- "${COMP_LINE:0:COMP_POINT}" "$2" </dev/null 2>/dev/null)
    if [[ $kind == files ]]; then
        compopt -o default
    elif [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]]; then
        compopt -o nospace
    fi
}

complete -o nosort -F _kfleet kfleet
