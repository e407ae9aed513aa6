# Opens the console on a made-up school; without a terminal, runs the school's day as a script.
# Run it from anywhere:  powershell -ExecutionPolicy Bypass -File scripts\demo.ps1
. (Join-Path $PSScriptRoot 'common.ps1')
Push-Location -LiteralPath $Root
try {
    Install-Environment
    $Arguments = @('-m', 'dsl_console', 'demo')
    if ([Console]::IsInputRedirected -or [Console]::IsOutputRedirected) { $Arguments += '--headless' }
    & $VenvPython @Arguments
    $Status = $LASTEXITCODE
}
finally {
    Pop-Location
}
exit $Status
