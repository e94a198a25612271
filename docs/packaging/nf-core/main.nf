process SICMIR_PREDICT {
    tag "$meta.id"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"

    input:
    tuple val(meta), path(matrix)
    path model

    output:
    tuple val(meta), path("${prefix}.{h5ad,csv,tsv,csv.gz,tsv.gz}"), emit: predictions
    tuple val(meta), path("${prefix}.report.json")                 , emit: report
    path "versions.yml"                                            , emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args      = task.ext.args ?: ''
    def extension = task.ext.extension ?: 'h5ad'
    def with      = model ? "--model ${model}" : ''
    prefix        = task.ext.prefix ?: "${meta.id}"
    if ("${matrix}" == "${prefix}.${extension}") error "The input has the name of the output; set task.ext.prefix"
    """
    sicmir predict \\
        ${matrix} \\
        ${with} \\
        ${args} \\
        --threads ${task.cpus} \\
        --log-format plain \\
        --report ${prefix}.report.json \\
        --output ${prefix}.${extension}

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        sicmir: \$(sicmir --version | sed 's/^sicmir //')
    END_VERSIONS
    """

    stub:
    def extension = task.ext.extension ?: 'h5ad'
    prefix        = task.ext.prefix ?: "${meta.id}"
    """
    touch ${prefix}.${extension}
    touch ${prefix}.report.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        sicmir: \$(sicmir --version | sed 's/^sicmir //')
    END_VERSIONS
    """
}
